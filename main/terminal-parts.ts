/** What a terminal is made of, and why it may not start. */
import type { Clock, Keys, MarkKeeper, Radio, Store } from '#main/ports.ts'
import type { PracticeDesk } from '#main/practice/practice-client.ts'
import type { PrinterMaker } from '#main/printing/printer.ts'
import type { HttpBackendClient } from '#main/sync/ports.ts'
import type { PrinterSettings, RadioChoice } from '#shared/contracts/settings.ts'

export type TerminalParts = {
  readonly store: Store
  readonly radio: Radio
  readonly backend: HttpBackendClient
  /** How a printer is made, which one is used until somebody chooses, and which kinds there are to choose from. */
  readonly printers: {
    readonly make: PrinterMaker
    readonly initial: PrinterSettings
    readonly kinds: readonly PrinterSettings['kind'][]
  }
  /**
   * Who says which driver the radio uses: whoever started the terminal, or the settings, in effect at once. Left out in practice, whose
   * radio has none.
   */
  readonly radioDriver?:
    | { readonly chosenBy: 'start'; readonly choice: RadioChoice }
    | { readonly chosenBy: 'settings'; readonly use: (choice: RadioChoice) => void }
  /** Shown to people; the client above knows it by itself. */
  readonly backendUrl: string
  readonly clock: Clock
  /** 32 lower-case hex digits, a new one each time. */
  readonly newId: () => string
  /** From 0 up to 1. */
  readonly random: () => number
  readonly keys: Keys
  /** Where the mark of the records is kept. Without one, the backend alone tells a file that was copied back. */
  readonly marks?: MarkKeeper
  /** The root everything else is trusted by, compressed P-256. */
  readonly rootPoint: Uint8Array
  readonly terminalId: string
  /** Needed on the first start only. */
  readonly enrolmentCode?: string
  readonly practice: boolean
  /** The practice world's desk, where there is one. Closed with the terminal. */
  readonly practiceDesk?: PracticeDesk
  readonly log: { warn(message: string, fields?: Readonly<Record<string, string>>): void }
}

export type TerminalRefusal = {
  readonly code: 'crypto-broken' | 'backend-needed' | 'code-refused' | 'not-trusted' | 'foreign-journal' | 'storage-failed'
  readonly detail: string
}
