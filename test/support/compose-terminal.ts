/** The real terminal put together as a host does it, over the practice radio and the backend's real client. For worlds in one process and for children. */
import type { BandLink, Clock, Keys, MarkKeeper, Radio, Store } from '#main/ports.ts'
import type { Printer, PrinterMaker } from '#main/printing/printer.ts'
import { createPracticeRadio } from '#main/radio/practice-radio.ts'
import { createBackendClient } from '#main/sync/backend-client.ts'
import { createTerminal, type Terminal, type TerminalParts, type TerminalRefusal } from '#main/terminal.ts'
import type { Message } from '#shared/contracts/frames.ts'
import { ok, type Result } from '#shared/result.ts'
import { newId } from './backend-world.ts'
import { PAPER_80 } from './collecting-printer.ts'

export type Composition = {
  readonly store: Store
  readonly clock: Clock
  readonly keys: Keys
  readonly printer: Printer
  /** Instead of that one printer: what the settings ask for. */
  readonly makePrinter?: PrinterMaker | undefined
  /** Yes, unless said otherwise: a live till begins without people. */
  readonly practice?: boolean
  readonly backendUrl: string
  readonly rootPoint: Uint8Array
  readonly terminalId: string
  readonly enrolmentCode: string
  /** Where the practice air listens. */
  readonly airPath: string
  /** Where the mark of the records is kept; none when left out. */
  readonly marks?: MarkKeeper | undefined
  /** Instead of the practice radio. */
  readonly radio?: (() => Radio) | undefined
  /** Sees what passes between the terminal and its radio. */
  readonly watch?: Watch
  readonly log: TerminalParts['log']
}

/** On a refusal the store is still open, and its caller's to close. */
export async function composeTerminal(composition: Composition): Promise<Result<Terminal, TerminalRefusal>> {
  const { store, clock, keys, printer, backendUrl, rootPoint, terminalId, enrolmentCode, airPath, watch, log } = composition
  const client = createBackendClient({ url: backendUrl, terminalId, signer: keys.signer, clock, random: () => 0.5 })
  if (!client.ok) throw new Error(client.error)
  const radio = composition.radio?.() ?? createPracticeRadio({ where: { path: airPath }, clock, random: () => 0.5 })
  const made = await createTerminal({
    store,
    radio: watch ? watched(radio, watch) : radio,
    backend: client.value,
    printers: { make: composition.makePrinter ?? (() => printer), initial: PAPER_80, kinds: ['file', 'tcp'] },
    backendUrl,
    clock,
    newId,
    random: () => 0.5,
    keys,
    ...(composition.marks ? { marks: composition.marks } : {}),
    rootPoint,
    terminalId,
    enrolmentCode,
    practice: composition.practice ?? true,
    log,
  })
  if (!made.ok) client.value.close()
  return made
}

export type Watch = {
  /** Just before a message leaves the terminal; may wait. */
  onSend: (message: Message) => void | Promise<void>
  /** Just before a message from the band is handed to the terminal. */
  onReceive: (message: Message) => void
}

/** The same radio, with everything the terminal sends shown to the test first. */
function watched(radio: Radio, watch: Watch): Radio {
  const watchedLink = (link: BandLink): BandLink => ({
    attRequests: () => link.attRequests(),
    lastSent: () => link.lastSent(),
    receive: async (timeoutMs) => {
      const received = await link.receive(timeoutMs)
      if (received.ok) watch.onReceive(received.value)
      return received
    },
    close: async () => link.close(),
    send: async (message) => {
      await watch.onSend(message)
      return link.send(message)
    },
  })
  return {
    state: () => radio.state(),
    onState: (listener) => radio.onState(listener),
    onSighting: (listener) => radio.onSighting(listener),
    start: () => radio.start(),
    stop: async () => radio.stop(),
    connect: async (address) => {
      const link = await radio.connect(address)
      return link.ok ? ok(watchedLink(link.value)) : link
    },
  }
}
