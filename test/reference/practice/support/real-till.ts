import type { BandLink, Radio, Sighting } from '#main/ports.ts'
import { createPracticeRadio } from '#main/radio/practice-radio.ts'
import { practiceClock } from '#reference/practice/practice-clock.ts'
import { BACKEND_PATHS, enrolTerminal } from '#shared/contracts/backend-api.ts'
import { fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import {
  ANSWER_KINDS,
  answerPlaintext,
  ERROR_CODES,
  errorMessage,
  offerMessage,
  payStatement,
  phoneOffer,
  queryStatement,
  requestPlaintext,
} from '#shared/contracts/radio-messages.ts'
import { signCall } from '#shared/crypto/http-signature.ts'
import { newSigner, randomBytes, type Signer, sha256 } from '#shared/crypto/keys.ts'
import { type SealedSession, sealRequest } from '#shared/crypto/sealing.ts'
import { peekSign1, sign1 } from '#shared/crypto/sign1.ts'
import { until } from '#test/support/until.ts'
import type { PracticeProcesses } from './processes.ts'

const WAIT_MS = 12_000

function errorName(body: Uint8Array): string {
  const decoded = errorMessage.decode(body)
  return Object.entries(ERROR_CODES).find(([, code]) => decoded.ok && code === decoded.value.code)?.[0] ?? 'unreadable'
}

/** A till of a few lines over the product's own practice radio: enrols, charges, asks again. */
export class RealTill {
  readonly sightings = new Map<string, Sighting>()
  readonly #radio: Radio
  readonly #signer: Signer
  readonly #certificate: Uint8Array

  private constructor(radio: Radio, signer: Signer, certificate: Uint8Array) {
    this.#radio = radio
    this.#signer = signer
    this.#certificate = certificate
    radio.onSighting((sighting) => this.sightings.set(sighting.address, sighting))
    radio.start()
  }

  static async enrol(practice: PracticeProcesses): Promise<RealTill> {
    const signer = await newSigner()
    const { terminalId, enrolmentCode } = practice.ready
    const body = new TextEncoder().encode(JSON.stringify({ terminalId, code: enrolmentCode, point: toBase64Url(signer.point) }))
    const url = `${practice.url}${BACKEND_PATHS.enrolTerminal}`
    const signed = await signCall({ method: 'POST', url, body }, { keyId: `terminal:${terminalId}`, signer }, Date.now() / 1000)
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...signed }, body })
    const reply = enrolTerminal.reply.parse(await response.json())
    const radio = createPracticeRadio({ where: { path: practice.socket }, clock: practiceClock(0), random: () => 0.5 })
    return new RealTill(radio, signer, fromBase64Url(reply.certificate) ?? new Uint8Array())
  }

  async connect(address: string): Promise<BandLink> {
    await until('the radio scans', () => this.#radio.state().state === 'scanning')
    const link = await this.#radio.connect(address)
    if (!link.ok) throw new Error(link.error)
    return link.value
  }

  /** Charges the band at this address. The kind of the answer, or how the session ended without one. */
  async charge(address: string, amount: number, options: { requestId?: Uint8Array } = {}) {
    const link = await this.connect(address)
    const requestId = options.requestId ?? randomBytes(16)
    const time = Math.floor(Date.now() / 1000)
    const fields = { requestId, amount, currency: 'CNY', linesDigest: new Uint8Array(16), holds: [], knocks: 0, listAgeMinutes: 0, time }
    const rest = { lifetime: 90, headSeq: 1, head: new Uint8Array(16) }
    const asked = await this.#ask(link, async (bandNonce) =>
      sign1(payStatement, { ...fields, ...rest, bandNonce }, this.#signer, { withKid: false }),
    )
    if (typeof asked === 'string') return { link, requestId, ended: asked }
    const digest = await sha256(asked.statement)
    return { link, requestId, digest, attRequests: link.attRequests(), ended: await this.#answer(link, asked.session) }
  }

  async query(address: string, requestId: Uint8Array, firstDigest: Uint8Array) {
    const link = await this.connect(address)
    const rest = { time: Math.floor(Date.now() / 1000), lifetime: 20, headSeq: 1, head: new Uint8Array(16) }
    const asked = await this.#ask(link, async (bandNonce) =>
      sign1(queryStatement, { requestId, firstDigest, bandNonce, ...rest }, this.#signer, { withKid: false }),
    )
    const ended = typeof asked === 'string' ? asked : await this.#answer(link, asked.session)
    await link.close()
    return ended
  }

  async stop(): Promise<void> {
    await this.#radio.stop()
  }

  async #ask(link: BandLink, statementFor: (bandNonce: Uint8Array) => Promise<Uint8Array>) {
    const first = await link.receive(WAIT_MS)
    if (!first.ok) return first.error
    if (first.value.kind !== 'offer') return errorName(first.value.body)
    const offered = offerMessage.decode(first.value.body)
    const offer = offered.ok ? peekSign1(phoneOffer, offered.value.offer) : offered
    if (!offered.ok || !offer.ok) return 'unreadable offer'
    const statement = await statementFor(offered.value.bandNonce)
    const plaintext = requestPlaintext.encode({ statement, certificate: this.#certificate })
    const { sealingPoint } = offer.value.value
    const sealed = await sealRequest({ offer: offered.value.offer, bandNonce: offered.value.bandNonce, sealingPoint, plaintext })
    if (!sealed.ok) return sealed.error
    const sent = await link.send({ kind: 'request', body: sealed.value.message })
    return sent.ok ? { statement, session: sealed.value.session } : sent.error
  }

  async #answer(link: BandLink, session: SealedSession): Promise<string> {
    for (;;) {
      const next = await link.receive(WAIT_MS)
      if (!next.ok) return next.error
      if (next.value.kind === 'error') return errorName(next.value.body)
      if (next.value.kind !== 'answer') continue
      const opened = await session.openAnswer(next.value.body)
      const answer = opened.ok ? answerPlaintext.decode(opened.value) : opened
      if (!answer.ok) return 'unreadable answer'
      return Object.entries(ANSWER_KINDS).find(([, kind]) => kind === answer.value.kind)?.[0] ?? 'unknown'
    }
  }
}
