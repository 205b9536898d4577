/** Heads of terminals' journals as they arrive: signed by the terminal, of the epoch the journal is in, or the first of a restore. */
import type * as z from 'zod'
import type { headBody } from '#shared/contracts/backend-api.ts'
import { fromBase64Url } from '#shared/contracts/bytes.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Tx } from '../database/tables.ts'
import { addRestore, incarnationOf, setEpoch } from '../repositories/recovery-repository.ts'
import { findTerminal } from '../repositories/registry-repository.ts'
import type { RaiseAlarm } from './alarms.ts'
import type { VerifyKeys } from './verify-keys.ts'
import { witness } from './witness.ts'

type HeadBody = z.output<typeof headBody>

/** The bytes a terminal signs for a journal head (docs/journal.md). */
function headBytes({ seq, hash }: HeadBody): Uint8Array {
  return new TextEncoder().encode(`bt1h\n${seq}\n${hash}`)
}

export class JournalHeads {
  readonly #verifyKeys: VerifyKeys
  readonly #raise: RaiseAlarm

  constructor(verifyKeys: VerifyKeys, raise: RaiseAlarm) {
    this.#verifyKeys = verifyKeys
    this.#raise = raise
  }

  /** Keeps a signed head, and opens the epoch it begins. The value is what a person must see; the error why it cannot be kept. */
  async take(tx: Tx, terminalId: string, head: HeadBody): Promise<Result<string | undefined, string>> {
    const terminal = await findTerminal(tx, terminalId)
    const key = terminal?.point ? await this.#verifyKeys.of(terminal.point) : undefined
    const signature = fromBase64Url(head.signature)
    if (!terminal || !key || !signature || !(await key.verify(signature, headBytes(head)))) {
      return err('the signature of the head is not this terminal’s')
    }
    const { epoch = 1, restored, seq, hash, kid, at } = head
    if (epoch < terminal.epoch) return err(`a head of epoch ${epoch}, and the journal is in epoch ${terminal.epoch}`)
    const alarms: (string | undefined)[] = []
    if (epoch > terminal.epoch) {
      if (!restored) return err(`a head of epoch ${epoch}, which no restore has opened`)
      alarms.push(await this.#open(tx, terminalId, epoch, { ...restored, at }))
    } else if (restored && (await incarnationOf(tx, terminalId, epoch)) !== restored.incarnation) {
      return err(`another restore has opened epoch ${epoch}`)
    }
    const place = { terminalId, epoch, seq, head: hash }
    alarms.push(await witness(tx, this.#raise, { ...place, source: 'outbox', signature: head.signature, kid, at }))
    const said = alarms.filter((alarm) => alarm !== undefined)
    return ok(said.length > 0 ? said.join('; ') : undefined)
  }

  /** Keeps the head that a receipt names, in the epoch it names. One out of its epoch is kept all the same, because money was taken. */
  async takeOfReceipt(
    tx: Tx,
    terminalId: string,
    head: { readonly epoch?: number | undefined; readonly seq: number; readonly hash: string },
    at: string,
  ): Promise<readonly string[]> {
    const { epoch = 1, seq, hash } = head
    const known = (await findTerminal(tx, terminalId))?.epoch ?? 1
    const alarms: (string | undefined)[] = []
    if (epoch !== known) {
      const detail = `a receipt of epoch ${epoch}, and the journal is in epoch ${known}`
      alarms.push(await this.#raise(tx, 'wrong-epoch', terminalId, detail))
    }
    alarms.push(await witness(tx, this.#raise, { terminalId, epoch, seq, head: hash, source: 'receipt', at }))
    return alarms.filter((alarm) => alarm !== undefined)
  }

  async #open(
    tx: Tx,
    terminalId: string,
    epoch: number,
    restored: NonNullable<HeadBody['restored']> & { readonly at: string },
  ): Promise<undefined> {
    const { incarnation, previousIncarnation, series, at } = restored
    await setEpoch(tx, terminalId, epoch)
    await addRestore(tx, { terminalId, epoch, incarnation, previousIncarnation, series, at })
    // For those who run the backend. The terminal knows: it is no news to its till, and no fault of the record.
    await this.#raise(tx, 'restored', terminalId, `epoch ${epoch}, series ${series}, incarnation ${incarnation}`)
  }
}
