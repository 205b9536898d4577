/** A till that asks whatever band it meets for money, whatever the band says of itself, and tells how that ended. */
import type { Band } from '#reference/band/band.ts'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import { fromBase64Url } from '#shared/contracts/bytes.ts'
import { ScriptedClient } from '#test/reference/band/support/scripted-client.ts'
import { Till } from '#test/reference/phone/support/phone-world.ts'
import type { Terminal } from '#test/support/backend-world.ts'
import type { BondWorld } from '#test/support/bond-world.ts'
import { isSoon } from '#test/support/until.ts'

export type Paid = 'authorization' | 'decline' | 'refusal' | 'no-offer' | 'no-answer' | 'busy' | 'band-error'
/** Half of the certificate's week. */
const RENEW_EVERY_MS = 3 * 86_400_000
/** In real time: everything is in this process. A phone that waits for its backend is not waited for. */
const OFFER_WAIT_MS = 150
const ANSWER_WAIT_MS = 400

export class BondTill {
  readonly #world: BondWorld
  #terminal: Terminal
  #renewedMs: number

  constructor(world: BondWorld, terminal: Terminal) {
    this.#world = world
    this.#terminal = terminal
    this.#renewedMs = world.clock.nowMs()
  }

  /** `meanwhile`: called when the request has left. */
  async pay(band: Band, ask: { readonly amount: number; readonly knocks: number }, meanwhile: () => void = () => {}): Promise<Paid> {
    const { keys } = this.#world.backend
    await this.#renew()
    const client = connected(band)
    if (!client) return 'busy'
    try {
      client.prepare()
      const { signer, certificate } = this.#terminal
      const till = new Till(client, { keySet: keys.keySet, terminalCertificate: certificate, signer: () => signer }, this.#world.clock)
      if (!(await isSoon(() => client.of('offer').length > 0, OFFER_WAIT_MS))) return 'no-offer'
      await till.pay(ask)
      meanwhile()
      await isSoon(() => client.of('answer').length > 0 || client.errors.length > 0 || client.disconnected, ANSWER_WAIT_MS)
      if (client.of('answer').length === 0) return client.errors.length > 0 ? 'band-error' : 'no-answer'
      const { kind } = await till.answer()
      return kind === 'authorization' || kind === 'decline' || kind === 'refusal' ? kind : 'no-answer'
    } finally {
      client.close()
    }
  }

  async #renew(): Promise<void> {
    const nowMs = this.#world.clock.nowMs()
    if (nowMs - this.#renewedMs < RENEW_EVERY_MS) return
    const reply = await this.#terminal.call('POST', BACKEND_PATHS.renewCertificate)
    const certificate = fromBase64Url(String(reply.json['certificate']))
    if (reply.status !== 200 || !certificate) return
    this.#terminal = { ...this.#terminal, certificate }
    this.#renewedMs = nowMs
  }
}

/** Undefined while another till is connected. */
function connected(band: Band): ScriptedClient | undefined {
  try {
    return new ScriptedClient(band)
  } catch {
    return undefined
  }
}
