/** Faults waiting to happen in the air, set by whoever practises them. */
import { ATT } from '#shared/contracts/att.ts'
import { FRAME_HEADER_BYTES } from '#shared/contracts/frames.ts'
import type { FaultKind } from '#shared/contracts/practice-desk.ts'
import { MESSAGE_KINDS } from '#shared/contracts/radio-messages.ts'
import type { Direction, Fate } from './air-link.ts'

/** Opcode and handle stand before the frame in notifications and write commands alike. */
const FRAME_OFFSET = 3

type Planned = { readonly kind: FaultKind; readonly delayMs: number; left: number }

export class FaultPlan {
  readonly #planned = new Map<string, Planned[]>()

  /** `count` of 0 takes the fault back. */
  plan(bandId: string, fault: { readonly kind: FaultKind; readonly count: number; readonly delayMs: number }): void {
    const others = (this.#planned.get(bandId) ?? []).filter((planned) => planned.kind !== fault.kind)
    this.#planned.set(bandId, [...others, { kind: fault.kind, delayMs: fault.delayMs, left: fault.count }])
  }

  /** Faults still to come, by kind. */
  left(bandId: string): Partial<Record<FaultKind, number>> {
    const waiting = (this.#planned.get(bandId) ?? []).filter((planned) => planned.left > 0)
    return Object.fromEntries(waiting.map((planned) => [planned.kind, planned.left]))
  }

  fateOf(bandId: string, direction: Direction, pdu: Uint8Array): Fate {
    for (const planned of this.#planned.get(bandId) ?? []) {
      if (planned.left <= 0 || !concerns(planned.kind, direction, pdu)) continue
      planned.left -= 1
      return fateBy(planned, pdu)
    }
    return 'deliver'
  }
}

function concerns(kind: FaultKind, direction: Direction, pdu: Uint8Array): boolean {
  if (kind === 'cut-on-request') return direction === 'to-band' && isLastSegment(pdu, ATT.writeCommand, MESSAGE_KINDS.request)
  if (direction !== 'to-terminal' || pdu[0] !== ATT.notification) return false
  if (kind === 'lose-answer' || kind === 'cut-on-answer') return isLastSegment(pdu, ATT.notification, MESSAGE_KINDS.answer)
  return true
}

function isLastSegment(pdu: Uint8Array, opcode: number, kind: number): boolean {
  const [frameKind, , index, count] = pdu.subarray(FRAME_OFFSET)
  return pdu[0] === opcode && frameKind === kind && index !== undefined && index + 1 === count
}

function fateBy({ kind, delayMs }: Planned, pdu: Uint8Array): Fate {
  switch (kind) {
    case 'lose':
    case 'lose-answer':
      return 'lose'
    case 'cut-on-request':
    case 'cut-on-answer':
      return 'cut'
    case 'duplicate':
      return 'twice'
    case 'delay':
      return { lateMs: delayMs }
    case 'garble': {
      const garbled = Uint8Array.from(pdu)
      const at = Math.min(garbled.length - 1, FRAME_OFFSET + FRAME_HEADER_BYTES)
      garbled[at] = (garbled[at] ?? 0) ^ 0xff
      return { garbled }
    }
  }
}
