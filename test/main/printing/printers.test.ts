import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createFilePrinter } from '#main/printing/file-printer.ts'
import { createTcpPrinter, type TcpPrinterOptions } from '#main/printing/tcp-printer.ts'
import type { PrinterTrouble } from '#shared/contracts/troubles.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const job = (bytes: Uint8Array = Uint8Array.of(0x1b, 0x40, 0x41)) => ({ id: 'job-1', bytes, begin: () => true })
const LIMITS = { connectTimeoutMs: 300, statusTimeoutMs: 60, confirmTimeoutMs: 150, writeTimeoutMs: 300, closeTimeoutMs: 100 }
const OK = { 1: 0x12, 2: 0x12, 4: 0x12 }

type Answers = Readonly<Record<number, number | undefined>>
type FakePrinter = { readonly received: () => Buffer; readonly printer: ReturnType<typeof createTcpPrinter>; readonly port: number }

/** A printer on the network that answers DLE EOT from a table; `answers` may change as the job is received. */
async function fakePrinter(
  answers: (received: Buffer) => Answers,
  onData?: (socket: Socket, received: Buffer) => void,
): Promise<FakePrinter> {
  let received = Buffer.alloc(0)
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
      for (let at = 0; at < data.length; at += 1) {
        if (data[at] === 0x10 && data[at + 1] === 0x04) {
          const answer = answers(received)[data[at + 2] ?? 0]
          if (answer !== undefined) socket.write(Uint8Array.of(answer))
          at += 2
        } else received = Buffer.concat([received, data.subarray(at, at + 1)])
      }
      onData?.(socket, received)
    })
  })
  const port = await listening(server)
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { received: () => received, printer: tcp({ host: '127.0.0.1', port }), port }
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
}

const tcp = (options: TcpPrinterOptions) => createTcpPrinter({ limits: LIMITS, ...options })
const failed = (trouble: PrinterTrouble, detail: string) => ({ ok: false, error: { code: 'printer-failed', trouble, detail } })

test('a silent printer is trusted, and gets every byte', async () => {
  const { printer, received } = await fakePrinter(() => ({}))
  expect(await printer.print(job())).toMatchObject({ ok: true })
  expect([...received()]).toEqual([0x1b, 0x40, 0x41])
})

test('a printer that answers well before and after prints', async () => {
  const { printer, received } = await fakePrinter(() => OK)
  expect(await printer.print(job())).toMatchObject({ ok: true })
  expect([...received()]).toEqual([0x1b, 0x40, 0x41])
})

test('paper, cover, errors and offline are refused by name before a byte is sent', async () => {
  const cases = [
    [{ 1: 0x1a, 2: 0x32, 4: 0x72 }, 'no-paper', 'out of paper'],
    [{ 1: 0x12, 2: 0x12, 4: 0x72 }, 'no-paper', 'out of paper'],
    [{ 1: 0x1a, 2: 0x16, 4: 0x12 }, 'cover-open', 'the cover is open'],
    [{ 1: 0x1a, 2: 0x52, 4: 0x12 }, 'printer-error', 'the printer reports an error'],
    [{ 1: 0x1a, 2: 0x12, 4: 0x12 }, 'off-line', 'the printer is off-line'],
    [{ 1: 0x12 }, 'silent', 'the printer stopped answering'],
  ] as const
  for (const [answers, trouble, detail] of cases) {
    let begun = 0
    const { printer, received } = await fakePrinter(() => answers)
    const counted = { ...job(), begin: () => ++begun > 0 }
    expect(await printer.print(counted)).toEqual(failed(trouble, detail))
    expect({ begun, bytes: received().length }).toEqual({ begun: 0, bytes: 0 })
  }
})

test('what cannot be counted is not printed: not one byte of it leaves', async () => {
  const { printer, received } = await fakePrinter(() => OK)
  const uncounted = { ...job(), begin: () => false }
  expect(await printer.print(uncounted)).toMatchObject({ ok: false, error: { trouble: 'not-counted' } })
  expect(received()).toHaveLength(0)
  const folder = join(await temporaryFolder(), 'receipts')
  expect(await createFilePrinter({ folder }).print(uncounted)).toMatchObject({ ok: false, error: { trouble: 'not-counted' } })
  expect(await readdir(folder)).toEqual([])
})

test('the print is counted before its first byte, and once', async () => {
  const { printer, received } = await fakePrinter(() => OK)
  const seen: number[] = []
  await printer.print({ ...job(), begin: () => seen.push(received().length) > 0 })
  expect(seen).toEqual([0])
  expect(received()).toHaveLength(3)
})

test('a printer on a socket of this machine is asked, told and refused like one on the network', async () => {
  const path = join(await temporaryFolder(), 'printer.sock')
  const printer = tcp({ path })
  expect(await printer.print(job())).toEqual(failed('unreachable', 'no connection to the printer: ENOENT'))
  expect(printer.place()).toBe(path)
  const received: number[] = []
  const server = createServer((socket) =>
    socket.on('data', (bytes) => {
      for (const byte of Buffer.from(bytes)) received.push(byte)
      if (received.at(-3) === 0x10) socket.write(Uint8Array.of(0x12))
    }),
  )
  await new Promise<void>((resolve) => server.listen(path, resolve))
  cleanups.push(() => new Promise((resolve) => server.close(resolve)))
  expect(await printer.print(job())).toMatchObject({ ok: true })
  expect(received.join()).toContain('27,64,65')
})

test('paper nearly at its end prints', async () => {
  const { printer } = await fakePrinter(() => ({ ...OK, 4: 0x1e }))
  expect(await printer.print(job())).toMatchObject({ ok: true })
})

test('what a printer says unasked is no answer', async () => {
  const { printer, received } = await fakePrinter(
    () => ({}),
    (socket) => socket.write(Uint8Array.of(0x10, 0x00, 0x0f, 0x00, 0xff)),
  )
  expect(await printer.print(job())).toMatchObject({ ok: true })
  expect(received()).toHaveLength(3)
})

test('paper that runs out while printing is told', async () => {
  const { printer } = await fakePrinter((received) => (received.length > 0 ? { 1: 0x1a, 2: 0x32, 4: 0x72 } : OK))
  expect(await printer.print(job())).toEqual(failed('no-paper', 'out of paper'))
})

test('a printer that goes silent after the job is told', async () => {
  const { printer } = await fakePrinter((received) => (received.length > 0 ? {} : OK))
  expect(await printer.print(job())).toEqual(failed('silent', 'the printer stopped answering'))
})

test('nobody at the address: refused, and ready again when the printer is back', async () => {
  const { printer, port } = await fakePrinter(() => OK)
  await cleanups.pop()?.()
  expect(await printer.print(job())).toEqual(failed('unreachable', 'no connection to the printer: ECONNREFUSED'))
  const server = createServer((socket) => socket.resume())
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  cleanups.push(() => new Promise((resolve) => server.close(resolve)))
  expect(await printer.print(job())).toMatchObject({ ok: true })
})

test('a call nobody takes ends', async () => {
  class DeafSocket extends Socket {
    override connect(): this {
      return this
    }
  }
  const printer = tcp({ host: '192.0.2.1', newSocket: () => new DeafSocket() })
  expect(await printer.print(job())).toEqual(failed('unreachable', 'the printer does not answer the call'))
})

test('a printer that stops reading ends the job in time', async () => {
  const { printer } = await fakePrinter(
    () => ({}),
    (socket) => socket.pause(),
  )
  expect(await printer.print(job(new Uint8Array(32 * 1024 * 1024)))).toEqual(failed('silent', 'the printer stopped taking data'))
})

test('a printer that hangs up midway is told, however it hangs up', async () => {
  const big = new Uint8Array(32 * 1024 * 1024)
  for (const hangUp of [(socket: Socket) => socket.destroy(), (socket: Socket) => socket.resetAndDestroy()]) {
    const { printer } = await fakePrinter(
      () => ({}),
      (socket, received) => received.length > 0 && hangUp(socket),
    )
    const printed = await printer.print(job(big))
    expect(printed).toMatchObject({ ok: false, error: { code: 'printer-failed' } })
  }
})

test('a printer that resets the connection after a short job is told', async () => {
  const { printer } = await fakePrinter(
    () => ({}),
    (socket, received) => received.length > 0 && socket.resetAndDestroy(),
  )
  expect(await printer.print(job())).toMatchObject({ ok: false, error: { code: 'printer-failed' } })
})

test('the file printer leaves whole files only, named by job', async () => {
  const folder = join(await temporaryFolder(), 'receipts')
  const printer = createFilePrinter({ folder })
  expect(await printer.print(job())).toMatchObject({ ok: true })
  expect(await printer.print(job(Uint8Array.of(1, 2)))).toMatchObject({ ok: true })
  expect(await readdir(folder)).toEqual(['job-1.bin'])
  expect([...(await readFile(join(folder, 'job-1.bin')))]).toEqual([1, 2])
})

test('a folder that cannot be written is a refusal with the system’s reason; a name with a path in it is our mistake', async () => {
  const inTheWay = join(await temporaryFolder(), 'file')
  await writeFile(inTheWay, '')
  const printer = createFilePrinter({ folder: join(inTheWay, 'receipts') })
  expect(await printer.print(job())).toEqual(failed('file-failed', 'cannot write the receipt file: ENOTDIR'))
  await expect(printer.print({ ...job(), id: '../evil' })).rejects.toThrow(/plain file name/)
})

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bandtill-printing-'))
  cleanups.push(() => rm(folder, { recursive: true }))
  return folder
}
