import { Button } from '@mantine/core'
import { type ReactNode, useId, useLayoutEffect, useRef } from 'react'
import { ArmedButton } from './armed-button.tsx'

/** The browser's own modal dialog: it keeps the focus, closes on Escape and gives the focus back. It exists only while it is open. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
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
    </dialog>
  )
}

type ConfirmProps = {
  readonly title: string
  readonly text: string
  readonly yes: string
  readonly no: string
  readonly busy: boolean
  /** Takes something away: the button is red. */
  readonly takesAway?: boolean
  readonly onYes: () => void
  readonly onNo: () => void
  readonly children?: ReactNode
}

/** Asks once before something that cannot be taken back. The focus starts on the harmless answer, because it comes first. */
export function Confirm({ title, text, yes, no, busy, takesAway = true, onYes, onNo, children }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onNo}>
      <p className="dialog-text">{text}</p>
      {children}
      <div className="dialog-acts">
        <Button variant="default" onClick={onNo}>
          {no}
        </Button>
        <ArmedButton {...(takesAway ? { color: 'curtain' } : {})} meaning="yes" disabled={busy} onPress={onYes} data-confirm>
          {yes}
        </ArmedButton>
      </div>
    </Dialog>
  )
}
