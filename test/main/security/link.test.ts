/**
 * I9 on the link between band and phone: our own band and phone, as they run on the conformance line, talk to each other and every message is
 * kept. They pair, arm, set money aside and pay without a network; no private key, no link key and no PIN is in what they said.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { BandHost } from '#reference/host/band-host.ts'
import { LineServer } from '#reference/host/line-server.ts'
import { MovableClock } from '#reference/host/movable-clock.ts'
import { PhoneHost } from '#reference/host/phone-host.ts'
import { Unlock } from '#reference/phone/unlock.ts'
import { openPhoneStore } from '#reference/practice/stores.ts'
import { Authority } from '#reference/tools/conformance/authority.ts'
import { BackendSide } from '#reference/tools/conformance/backend-side.ts'
import { Hands, LineEnd, parseAddress } from '#reference/tools/conformance/line.ts'
import { msToQuietTime } from '#reference/tools/conformance/slots.ts'
import { TerminalSide } from '#reference/tools/conformance/terminal-side.ts'
import { fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import {
  type BandCommand,
  type BandReply,
  bandReply,
  type LineRole,
  type PhoneCommand,
  type PhoneReply,
  phoneReply,
} from '#shared/contracts/conformance-line.ts'
import { answerPlaintext, payStatement, phoneOffer, requestPlaintext } from '#shared/contracts/radio-messages.ts'
import { newSigner, randomBytes } from '#shared/crypto/keys.ts'
import { sealRequest } from '#shared/crypto/sealing.ts'
import { peekSign1, sign1 } from '#shared/crypto/sign1.ts'
import { bytesNeedle, filesIn, found, type Needle, secretsIn, textNeedle } from '#test/support/needles.ts'

const PATIENCE = { answerMs: 8_000, silenceMs: 250 }
const POLL_MS = 5
const PIN = '730195'
const ANY_PORT = { host: '127.0.0.1', port: 0 }

type Part = { end(role: LineRole): Promise<LineEnd> }

async function listening(host: BandHost | PhoneHost): Promise<Part> {
  const line = await LineServer.listen(ANY_PORT, host.accept)
  if (!line.ok) throw new Error(line.error)
  onTestFinished(async () => line.value.close().then(async () => host.close()))
  const address = parseAddress(line.value.address)
  if (!address.ok) throw new Error(address.error)
  return {
    end: async (role) => {
      const end = await LineEnd.open(address.value, role)
      if (!end.ok) throw new Error(end.error)
      onTestFinished(async () => end.value.close())
      return end.value
    },
  }
}

/** Looks at the phone until it shows what is wanted. */
async function looking(hands: Hands<PhoneCommand, PhoneReply>, isThere: (seen: PhoneReply) => boolean): Promise<PhoneReply> {
  const endMs = performance.now() + PATIENCE.answerMs
  for (;;) {
    const seen = await hands.tell({ do: 'look' })
    if (isThere(seen)) return seen
    if (performance.now() > endMs) throw new Error(`the phone shows ${JSON.stringify(seen)}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** Carries what one side says to the other, and keeps it. */
async function carry(from: LineEnd, to: LineEnd, heard: Buffer[]): Promise<void> {
  while (!from.isClosed) {
    const said = await from.take((frame) => (frame.type === 'relay' ? frame : undefined), PATIENCE.answerMs)
    if (!said) continue
    heard.push(Buffer.from(said.exchange), Buffer.from(said.message.body))
    to.send(said)
  }
}

test('I9: what band and phone say to each other holds no private key, no link key and no PIN', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bandtill-link-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const part of ['band', 'phone']) mkdirSync(join(folder, part))
  const clock = new MovableClock()
  const quietMs = msToQuietTime(clock.nowMs())
  if (quietMs > 0) await clock.advance(quietMs)
  const nowS = () => Math.floor(clock.nowMs() / 1_000)
  const authority = await Authority.found(nowS())
  const backend = await BackendSide.listen(authority, nowS)
  onTestFinished(async () => backend.close())
  const band = await listening(await BandHost.open(join(folder, 'band'), clock))
  const phone = await listening(await PhoneHost.open(join(folder, 'phone'), clock))
  const bandHands = new Hands<BandCommand, BandReply>(await band.end('control'), (value) => bandReply.safeParse(value), PATIENCE)
  const phoneHands = new Hands<PhoneCommand, PhoneReply>(await phone.end('control'), (value) => phoneReply.safeParse(value), PATIENCE)
  const rootPoint = toBase64Url(authority.root.point)
  await bandHands.tell({ do: 'new', rootPoint })
  const born = await phoneHands.tell({ do: 'new', rootPoint, backend: backend.url })
  backend.phone = { id: born.phoneId ?? '', point: fromBase64Url(born.phonePoint ?? '') ?? new Uint8Array(0) }

  const heard: Buffer[] = []
  const [atBand, atPhone] = [await band.end('phone'), await phone.end('band')]
  void carry(atBand, atPhone, heard)
  void carry(atPhone, atBand, heard)
  await bandHands.tell({ do: 'wear', worn: true })
  await phoneHands.tell({ do: 'pair' })
  const { knocks = 0 } = await looking(phoneHands, (seen) => seen.knocks !== undefined)
  await bandHands.tell({ do: 'knock', count: knocks })
  await looking(phoneHands, (seen) => (seen.setAside ?? 0) > 0)
  await phoneHands.tell({ do: 'unlock' })
  await phoneHands.tell({ do: 'network', on: false })
  expect(await paysOffline(await band.end('terminal'), authority, nowS())).toBe(7)
  await setPin(join(folder, 'phone'), clock)

  const air = { where: 'the link', bytes: Buffer.concat(heard) }
  const keys = secretsIn(filesIn(folder, (name) => name.endsWith('.json') || name.endsWith('.jsonl')))
  expect(keys.map(({ what }) => what)).toEqual(
    expect.arrayContaining([
      ...[
        'd of band/band-host.factory.json',
        'd of band/band-host.lock.json',
        'linkKey of band/band-host.lock.json',
        'idKey of band/band-host.lock.json',
      ],
      ...[
        'd of band/band-host.slots.json',
        'd of phone/phone-host.identity.json',
        'd of phone/phone-host.allowance.json',
        'linkKey of phone/phone-host.bond.json',
      ],
    ]),
  )
  const pin: Needle = textNeedle('the PIN', PIN)
  expect(found([...keys, pin], [air])).toEqual([])
  expect(
    found(
      [pin],
      filesIn(folder, () => true),
    ),
  ).toEqual([])
  // The search finds what is there: what the phone is known by, and a key that is planted.
  expect(found([bytesNeedle('the phone', backend.phone.point)], [air])).toHaveLength(1)
  const [planted] = keys
  expect(
    found(planted ? [planted] : [], [{ ...air, bytes: Buffer.concat([air.bytes, ...(planted?.forms.slice(0, 1) ?? [])]) }]),
  ).toHaveLength(1)
})

/** One payment; the kind of its answer. */
async function paysOffline(line: LineEnd, authority: Authority, nowS: number): Promise<number> {
  const till = new TerminalSide(line, PATIENCE)
  await till.prepare()
  const { offer, bandNonce } = await till.offer()
  const peeked = peekSign1(phoneOffer, offer)
  if (!peeked.ok) throw new Error(peeked.error)
  const signer = await newSigner()
  const about = { requestId: randomBytes(16), amount: 12_800, currency: 'CNY', linesDigest: randomBytes(16), holds: [], bandNonce }
  const rest = { knocks: 0, listAgeMinutes: 0, time: nowS, lifetime: 90, headSeq: 1, head: randomBytes(16) }
  const statement = await sign1(payStatement, { ...about, ...rest }, signer, { withKid: false })
  const plaintext = requestPlaintext.encode({ statement, certificate: await authority.terminalCertificate(signer, nowS) })
  const sealed = await sealRequest({ offer, bandNonce, sealingPoint: peeked.value.value.sealingPoint, plaintext })
  if (!sealed.ok) throw new Error(sealed.error)
  till.say('request', sealed.value.message)
  const answer = await till.next('answer')
  const opened = answer && (await sealed.value.session.openAnswer(answer))
  const said = opened?.ok ? answerPlaintext.decode(opened.value) : undefined
  return said?.ok ? said.value.kind : 0
}

/** The owner sets a PIN, and unlocks with it. */
async function setPin(folder: string, clock: MovableClock): Promise<void> {
  const stores = await openPhoneStore(folder, 'host')
  const unlock = new Unlock({ clock, store: stores.store, kept: stores.pin })
  expect(await unlock.setPin(PIN)).toEqual({ ok: true, value: undefined })
  expect(await unlock.withPin(PIN)).toEqual({ ok: true, value: undefined })
  await stores.close()
}
