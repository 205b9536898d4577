import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { BandView } from '#shared/contracts/till.ts'
import type { SightingId } from '#shared/domain/ids.ts'
import { inOrder, movedBands, nearestFirst } from '../../flows/bands.ts'

/** After the order has changed it stays for this long: cards that keep swapping cannot be read, let alone pressed. */
const ORDER_HOLDS_MS = 700
/** A card that has just moved takes no press: the finger was on its way to the one that stood there. */
const MOVED_FOR_MS = 400
/** The click comes a little after the finger has left. */
const CLICK_FOLLOWS_MS = 150
const ENDS = ['pointerup', 'pointercancel', 'blur'] as const

/** The bands in an order that does not change under a finger, and those that have just moved. */
export function useSteadyBands(bands: readonly BandView[]): {
  readonly steady: readonly BandView[]
  readonly moved: ReadonlySet<SightingId>
} {
  const [order, setOrder] = useState<readonly SightingId[]>([])
  const heldUntilMs = useRef(0)
  const isTouched = useIsTouched()
  useLayoutEffect(() => {
    const wanted = nearestFirst(bands).map(({ id }) => id)
    if (isTouched || wanted.join() === order.join()) return
    const take = () => {
      heldUntilMs.current = performance.now() + ORDER_HOLDS_MS
      setOrder(wanted)
    }
    const waitMs = heldUntilMs.current - performance.now()
    if (waitMs <= 0) return take()
    const timer = setTimeout(take, waitMs)
    return () => clearTimeout(timer)
  }, [bands, order, isTouched])
  const steady = inOrder(bands, order)
  return { steady, moved: useMoved(steady.map(({ id }) => id)) }
}

function useIsTouched(): boolean {
  const [isTouched, setIsTouched] = useState(false)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const down = () => {
      clearTimeout(timer)
      setIsTouched(true)
    }
    const up = () => {
      clearTimeout(timer)
      timer = setTimeout(() => setIsTouched(false), CLICK_FOLLOWS_MS)
    }
    const listening = { capture: true, passive: true }
    window.addEventListener('pointerdown', down, listening)
    for (const end of ENDS) window.addEventListener(end, up, listening)
    return () => {
      clearTimeout(timer)
      window.removeEventListener('pointerdown', down, listening)
      for (const end of ENDS) window.removeEventListener(end, up, listening)
    }
  }, [])
  return isTouched
}

function useMoved(ids: readonly SightingId[]): ReadonlySet<SightingId> {
  const [moved, setMoved] = useState<ReadonlySet<SightingId>>(new Set())
  const before = useRef(ids)
  useLayoutEffect(() => {
    const now = movedBands(before.current, ids)
    before.current = ids
    if (now.length === 0) return
    setMoved((already) => new Set([...already, ...now]))
  }, [ids])
  useEffect(() => {
    if (moved.size === 0) return
    const timer = setTimeout(() => setMoved(new Set()), MOVED_FOR_MS)
    return () => clearTimeout(timer)
  }, [moved])
  return moved
}
