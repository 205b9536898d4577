/**
 * The desktop program's very bundle, booted in plain Node with a double of Electron in its place: its window loads the screens over app://,
 * its real preload hands over the port, and the screens' own client sells through it, against the real backend and the real world.
 */
import { type ChildProcess, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { Part, Stack } from '#reference/tools/counter/stack.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import type { TillState } from '#shared/contracts/till.ts'
import { CounterWorld, ENROLMENT_CODE, TERMINAL } from '#test/support/counter-world.ts'
import { until } from '#test/support/until.ts'
import { holdMtuTo, VirtualAir } from '#test/support/virtual-bluetooth/air.ts'
import { BandPeripheral } from '#test/support/virtual-bluetooth/band-peripheral.ts'
import { HABITUAL_MTU } from '#test/support/virtual-bluetooth/bluetooth-counter.ts'
import { HciServer } from '#test/support/virtual-bluetooth/hci-server.ts'
import { TERMINAL_ADDRESS } from '#test/support/virtual-bluetooth/in-process.ts'
import { REPOSITORY, untilEvening } from './support/counter.ts'

const REGISTER = fileURLToPath(new URL('../support/desktop/register.ts', import.meta.url))
const BUNDLE = join('dist', 'main', 'main.js')
const PROGRAM = ['--import', REGISTER, BUNDLE]

type Said =
  | { readonly type: 'state'; readonly state: TillState }
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly type: 'page'; readonly policy: string }
  | { readonly type: 'error-box'; readonly content: string }
  | { readonly type: 'helper'; readonly pid: number; readonly module: string }

function demandBundle(): void {
  if (!existsSync(join(REPOSITORY, BUNDLE))) throw new Error('the desktop bundle is not built: run "npm run build:electron"')
}

async function desktop() {
  demandBundle()
  const folder = mkdtempSync(join(tmpdir(), 'bandtill-desktop-'))
  const stack = new Stack({ folder, clockOffsetMs: untilEvening(Date.now()), terminalProgram: PROGRAM })
  onTestFinished(async () => stack.stop().finally(() => rmSync(folder, { recursive: true, force: true })))
  await stack.startBackend()
  await stack.startWorld()
  await stack.untilReachable(['rich'])
  return { folder, stack }
}

/** The cashier's script on the page: the newest state, and calls by name. */
function pageOf(child: ChildProcess) {
  const answers = new Map<number, unknown>()
  const seen: { state: TillState | undefined; readonly helpers: { readonly pid: number; readonly module: string }[] } = {
    state: undefined,
    helpers: [],
  }
  child.on('message', (said: Said) => {
    if (said.type === 'state') seen.state = said.state
    if (said.type === 'helper') seen.helpers.push({ pid: said.pid, module: said.module })
    if (said.type === 'answer') answers.set(said.id, said.answer)
  })
  let id = 0
  const call = async (name: string, input?: unknown) => {
    id += 1
    const mine = id
    child.send({ id: mine, call: name, input })
    await until(`an answer to ${name}`, () => answers.has(mine))
    return answers.get(mine)
  }
  return { call, seen }
}

test('the bundle sells a popcorn to a band through the bridge', async () => {
  const { stack } = await desktop()
  await stack.startTerminal()
  expect(stack.terminal.address).toBe('app://bandtill/')
  const { call, seen } = pageOf(stack.terminal.part.process)
  await until('the programme has come', () => seen.state !== undefined && seen.state.programmeVersion !== 'none')
  expect(await call('setProduct', { productId: 'popcorn-l', quantity: 1 })).toEqual({ ok: true })
  await until('a band is proposed', () => seen.state?.bands.some(({ proposed }) => proposed) === true)
  const band = seen.state?.bands.find(({ proposed }) => proposed)
  expect(await call('chargeBand', { sightingId: band?.id })).toMatchObject({ ok: true })
  await until('the sale is paid', () => seen.state?.lastReceiptId !== undefined)
  await until('the backend has it', () => seen.state?.status.outbox.pending === 0)
  const receipt = (await call('receipt', { receiptId: seen.state?.lastReceiptId })) as { value: { paperSvg: string; synced: boolean } }
  expect(receipt.value.synced).toBe(true)
  expect(receipt.value.paperSvg).toContain('<svg')
  await stack.terminal.part.stop()
  const file = new DatabaseSync(join(stack.folderOf('terminal'), 'terminal.sqlite'), { readOnly: true })
  expect(file.prepare('SELECT tender, total_minor = paid_minor AS whole FROM audit_receipts').all()).toEqual([{ tender: 'band', whole: 1 }])
  file.close()
})

test('the same records twice: the second window is refused in both languages, the first goes on', async () => {
  const { stack } = await desktop()
  await stack.startTerminal()
  const { call } = pageOf(stack.terminal.part.process)
  const { url, rootPoint } = stack.backend
  const records = [
    ...['--data', stack.folderOf('terminal'), '--backend', url, '--terminal', stack.world.terminalId],
    ...[`--root-point=${rootPoint}`, '--air', stack.world.socket],
  ]
  const second = spawnSync(process.execPath, [...PROGRAM, ...records], { cwd: REPOSITORY, timeout: 20_000, encoding: 'utf8' })
  expect(second.status).toBe(69)
  expect(second.stderr).toMatch(/already running[\s\S]*已有一个 Bandtill/)
  expect(await call('nextSale')).toEqual({ ok: true })
})

test('a second start of the program hands over to the first and ends', async () => {
  const { stack } = await desktop()
  const environment = { ...process.env, BANDTILL_TEST_SECOND: '1' }
  const given = ['--data', stack.folderOf('terminal'), '--backend', stack.backend.url]
  const second = spawnSync(process.execPath, [...PROGRAM, ...given], { cwd: REPOSITORY, timeout: 20_000, env: environment })
  expect(second.status).toBe(0)
})

/** The bundle trading live over Bluetooth: a virtual controller instead of this machine's, and a customer's band in its air. */
async function liveDesktop() {
  demandBundle()
  const world = await CounterWorld.build()
  const air = new VirtualAir()
  air.onAtt = holdMtuTo(HABITUAL_MTU)
  const hci = await HciServer.listen(join(world.folder, 'hci'), air, TERMINAL_ADDRESS)
  const band = await BandPeripheral.start(air, world.customer().band)
  const part = new Part('the terminal', [
    ...[...PROGRAM, '--data', join(world.folder, 'till'), '--backend', world.backend.url, '--terminal', TERMINAL],
    ...[`--root-point=${toBase64Url(world.backend.keys.rootPoint)}`, `--enrolment-code=${ENROLMENT_CODE}`],
    ...['--no-practice', '--radio', 'auto', '--hci-socket', join(world.folder, 'hci')],
  ])
  onTestFinished(async () => {
    await part.stop()
    band.stop()
    await hci.close()
    air.close()
    await world.close()
  })
  return { ...pageOf(part.process), air, hci, part }
}

test('the bundle sells over Bluetooth: noble in its utility process, seven ATT requests, and again after that process has died', async () => {
  const { call, seen, air, hci } = await liveDesktop()
  await until('the programme has come', () => seen.state !== undefined && seen.state.programmeVersion !== 'none')
  expect(await call('setUp', { name: 'Lin', pin: '2580' })).toEqual({ ok: true })
  expect(seen.helpers.map(({ module }) => module)).toEqual([join(REPOSITORY, 'dist', 'main', 'radio.js')])
  const sell = async () => {
    expect(await call('setProduct', { productId: 'popcorn', quantity: 1 })).toEqual({ ok: true })
    await until('the band is proposed', () => seen.state?.bands.some(({ proposed }) => proposed) === true)
    const before = seen.state?.lastReceiptId
    expect(await call('chargeBand', { sightingId: seen.state?.bands[0]?.id })).toMatchObject({ ok: true })
    await until('the sale is paid', () => seen.state?.lastReceiptId !== undefined && seen.state.lastReceiptId !== before)
  }
  await sell()
  expect(air.attRequests).toBe(7)
  expect(seen.state?.status.radio.driver).toMatch(/^(abandonware|stoprocent)$/)

  // As V8 ends a process whose memory a hostile band has filled: Electron says `error` first, which must not end the till.
  const [first] = seen.helpers
  if (!first) throw new Error('no radio process')
  process.kill(first.pid, 'SIGABRT')
  await until('another process scans', () => hci.connections === 2 && seen.state?.status.radio.state === 'scanning')
  await sell()
  expect(seen.helpers).toHaveLength(2)
  expect(seen.state?.status.inDoubt).toBe(0)
})
