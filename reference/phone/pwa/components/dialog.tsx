import { type ReactNode, useEffect, useId, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Refusal } from '../flows/refusal.ts'
import { Button } from './button.tsx'
import { RefusalNote } from './states.tsx'

/** The browser's own modal dialog: it keeps the focus inside, closes on Escape, and gives the focus back. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const dialog = ref.current
    dialog?.showModal()
    return () => dialog?.close()
  }, [])
  return (
    <dialog ref={ref} className="dialog" aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  )
}

type ConfirmProps = {
  readonly title: string
  readonly text: string
  readonly action: string
  readonly isBusy: boolean
  readonly refusal: Refusal | undefined
  readonly refusalWords?: string | undefined
  readonly onDo: () => void
  readonly onClose: () => void
}

/** Asks before something that cannot be taken back, and that the backend wants a passkey for. */
export function Confirm({ title, text, action, isBusy, refusal, refusalWords, onDo, onClose }: ConfirmProps) {
  const { t } = useTranslation()
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{text}</p>
      <p className="quiet">{t('app.passkeyAsked')}</p>
      <RefusalNote refusal={refusal} words={refusalWords} />
      <div className="dialog-acts">
        <Button kind="danger" isBusy={isBusy} onClick={onDo} name="confirm">
          {action}
        </Button>
        <Button kind="plain" onClick={onClose} name="cancel">
          {t('app.cancel')}
        </Button>
      </div>
    </Dialog>
  )
}
