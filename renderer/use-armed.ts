import { useEffect, useRef, useState } from 'react'

/** A second tap of the same finger comes within some 300 ms; a press on purpose, after reading, takes longer than this. */
const ARMED_AFTER_MS = 600

/**
 * False for a moment after a button appeared or its `meaning` changed: a press then was meant for what stood there before. `own` is what the
 * person chose elsewhere on the screen; a meaning that changes together with it was changed on purpose and needs no pause.
 */
export function useArmed(meaning: string, own?: string): boolean {
  const [armedFor, setArmedFor] = useState<string>()
  const lastOwn = useRef(own)
  useEffect(() => {
    const isOnPurpose = own !== undefined && own !== lastOwn.current
    lastOwn.current = own
    if (isOnPurpose) return setArmedFor(meaning)
    setArmedFor((before) => (before === meaning ? before : undefined))
    const timer = setTimeout(() => setArmedFor(meaning), ARMED_AFTER_MS)
    return () => clearTimeout(timer)
  }, [meaning, own])
  return armedFor === meaning
}
