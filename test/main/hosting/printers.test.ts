import { readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { printersFor } from '#main/hosting/printers.ts'
import { temporaryFolder } from './support.ts'

const job = { id: 'job-1', bytes: Uint8Array.of(0x1b, 0x40), begin: () => true }

test('without a practice printer: what --printer says comes first, and practice is not offered', async () => {
  const dataFolder = await temporaryFolder()
  expect(printersFor({ dataFolder, printer: { kind: 'tcp', host: 'till-printer', port: 9_101 } })).toMatchObject({
    initial: { kind: 'tcp', host: 'till-printer', port: 9_101, paperMm: 80 },
    kinds: ['file', 'tcp'],
  })
  const { initial, make } = printersFor({ dataFolder, printer: { kind: 'file' } })
  expect(await make(initial).print(job)).toMatchObject({ ok: true })
  expect(await readdir(join(dataFolder, 'paper'))).toEqual(['job-1.bin'])
})

test('with one it is the first choice, and reached over its socket', async () => {
  const dataFolder = await temporaryFolder()
  const practicePrinterSocket = join(dataFolder, 'printer.sock')
  const received: number[] = []
  const server = createServer((socket) =>
    socket.on('data', (bytes) => {
      for (const byte of Buffer.from(bytes)) received.push(byte)
      if (received.at(-3) === 0x10) socket.write(Uint8Array.of(0x12))
    }),
  )
  await new Promise<void>((resolve) => server.listen(practicePrinterSocket, resolve))
  onTestFinished(() => void server.close())
  const { initial, kinds, make } = printersFor({ dataFolder, printer: { kind: 'file' }, practicePrinterSocket })
  expect([initial.kind, kinds]).toEqual(['practice', ['practice', 'file', 'tcp']])
  expect(await make(initial).print(job)).toMatchObject({ ok: true })
  expect(received.join()).toContain('27,64')
})
