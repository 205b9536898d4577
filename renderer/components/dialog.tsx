import { Button } from '@mantine/core'
import { type ReactNode, useId, useLayoutEffect, useRef } from 'react'
import { type Notice, noticeWords } from '../flows/refusal.ts'
import { useSay } from '../hooks.ts'
import type { T } from '../i18n/i18n.ts'
import { ArmedButton } from './armed-button.tsx'

type DialogProps = {
  readonly title: string
  readonly onClose: () => void
  /** What the last act asked here met. It is said inside: everything outside an open dialog is out of reach, for the eye and for the ear. */
  readonly refused?: Notice | undefined
  readonly children: ReactNode
}

/** The browser's own modal dialog: it keeps the focus, closes on Escape and gives the focus back. It exists only while it is open. */
export function Dialog({ title, onClose, refused, children }: DialogProps) {
  const { t } = useSay()
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  // Closed before it is taken out of the page: only then does the browser give the focus back to what had it.
  useLayoutEffect(() => {
    const { current } = dialog
    current?.showModal()
    return () => current?.close()
  }, [])
  return (
    <dialog className="dialog" ref={dialog} aria-labelledby={titleId} onCancel={onClose}>
      <h2 id={titleId}>{title}</h2>
      {children}
      <div className="dialog-refused" role="alert">
        {refused !== undefined && <Words notice={refused} t={t} />}
      </div>
    </dialog>
  )
}

function Words({ notice, t }: { notice: Notice; t: T }) {
  const { say, next } = noticeWords(notice, t)
  return (
    <p data-testid="refused" data-code={notice.code}>
      <strong>{say}</strong> {next}
    </p>
  )
}

type ConfirmProps = {
  readonly title: string
  readonly text: string
  readonly yes: string
  readonly no: string
  readonly busy: boolean
  readonly refused?: Notice | undefined
  /** It may no longer be done. */
  readonly isOver?: boolean
  /** Takes something away: the button is red. */
  readonly takesAway?: boolean
  readonly onYes: () => void
  readonly onNo: () => void
  readonly children?: ReactNode
}

/** Asks once before something that cannot be taken back. The focus starts on the harmless answer, because it comes first. */
export function Confirm({ title, text, yes, no, busy, refused, isOver = false, takesAway = true, onYes, onNo, children }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onNo} refused={refused}>
      <p className="dialog-text">{text}</p>
      {children}
      <div className="dialog-acts">
        <Button variant="default" onClick={onNo}>
          {no}
        </Button>
        <ArmedButton {...(takesAway ? { color: 'curtain' } : {})} meaning="yes" disabled={busy || isOver} onPress={onYes} data-confirm>
          {yes}
        </ArmedButton>
      </div>
    </Dialog>
  )
}
