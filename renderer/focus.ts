/** Where the focus goes when what had it is gone: to the title of what is shown now, never to nowhere. */
import { useEffect, useRef } from 'react'

const TITLE = 'main h1[tabindex="-1"]'

/** True when nobody would miss the focus: it is nowhere, or waits on the screen's title. */
export function focusIsFree(): boolean {
  const { activeElement } = document
  return activeElement === null || activeElement === document.body || activeElement.matches(TITLE)
}

/** Gives the focus to the screen's title when `view` changes and nothing on the new one has taken it. Its children have been asked before. */
export function useTitleFocus(view: string): void {
  const last = useRef<string>(undefined)
  useEffect(() => {
    // What is drawn within one view may come and go.
    if (last.current === view) return
    last.current = view
    if (focusIsFree() && document.querySelector('dialog[open]') === null) {
      document.querySelector<HTMLElement>(TITLE)?.focus({ preventScroll: true })
    }
  }, [view])
}
