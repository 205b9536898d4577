/** Escape asks here first: what was typed is cleared before the screen it was typed on is left. */
import { useEffect, useRef } from 'react'

type Take = () => boolean

const takers: Take[] = []

/** Has this component asked at each Escape for as long as it is shown. `take` returns true when the press was for it. */
export function useEscape(take: Take): void {
  const latest = useRef(take)
  useEffect(() => {
    latest.current = take
  })
  useEffect(() => {
    const taker = () => latest.current()
    takers.push(taker)
    return () => void takers.splice(takers.indexOf(taker), 1)
  }, [])
}

/** True when somebody had a use for this press: the one shown last is asked first. */
export function takeEscape(): boolean {
  return takers.toReversed().some((take) => take())
}
