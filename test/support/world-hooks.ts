/** Where a test may put its hand between a counter's parts. */
import type { MarkKeeper, Radio, Store } from '#main/ports.ts'
import type { PrinterMaker } from '#main/printing/printer.ts'
import type { Direction, Fate } from '#reference/practice/air-link.ts'
import type { Watch } from './compose-terminal.ts'

export type Hooks = Watch & {
  /** Each PDU in the air, after the planned faults. */
  fateOf: (bandId: string, direction: Direction, pdu: Uint8Array) => Fate
  /** The terminal's radio instead of the practice one. */
  radio: (() => Radio) | undefined
  /** The mark of the records; none unless a test keeps one. */
  marks: (() => MarkKeeper) | undefined
  /** Printers instead of the one that always prints into `printed`. */
  printer: PrinterMaker | undefined
  /** Put between the terminal and its database when it is made. */
  store: (store: Store) => Store
  /** How far the terminal's own wall clock is off, milliseconds. */
  skewMs: number
}

/** Everything passes as it is. */
export function untouched(): Hooks {
  return {
    onSend: () => {},
    onReceive: () => {},
    fateOf: () => 'deliver',
    radio: undefined,
    marks: undefined,
    printer: undefined,
    store: (store) => store,
    skewMs: 0,
  }
}
