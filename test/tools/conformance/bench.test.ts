/** What a run has opened it closes, whatever the target does: a harness that still holds a line to it would never end. */
import { createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { runConformance } from '#reference/tools/conformance/run.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import { decodeLineFrame, encodeLineFrame, type LineRole, lineDeframer } from '#shared/contracts/conformance-line.ts'

const PATIENCE = { answerMs: 300, silenceMs: 100 }
const CLOSED_WITHIN_MS = 5_000
const BORN = { ok: true, bandId: '00'.repeat(16), factoryPoint: toBase64Url(new Uint8Array(33)) }

type Manner = {
  /** Connections of these roles are welcomed; the others are kept open, and nothing is said to them. */
  readonly welcomes: readonly LineRole[]
  /** What the hands say to a command; undefined when they say nothing. */
  readonly replies: (command: { readonly do: string }) => object | undefined
}
type Told = { readonly do: string; readonly backend?: string }

/** A target with these manners, the connections to it that there were and those that are open, and what its hands were told. */
async function targetWith({ welcomes, replies }: Manner) {
  const met: Socket[] = []
  const open = new Set<Socket>()
  const told: Told[] = []
  const server = createServer((socket) => {
    met.push(socket)
    open.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => open.delete(socket))
    const deframer = lineDeframer()
    socket.on('data', (chunk: Buffer) => {
      const payloads = deframer.push(chunk)
      for (const payload of payloads.ok ? payloads.value : []) {
        const frame = decodeLineFrame(payload)
        if (!frame.ok) continue
        if (frame.value.type === 'hello' && welcomes.includes(frame.value.role)) socket.write(encodeLineFrame({ type: 'welcome' }))
        if (frame.value.type !== 'command') continue
        const command = JSON.parse(Buffer.from(frame.value.json).toString('utf8')) as Told
        told.push(command)
        const reply = replies(command)
        if (reply) socket.write(encodeLineFrame({ type: 'reply', json: Buffer.from(JSON.stringify(reply)) }))
      }
    })
  })
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  const address = server.address()
  return { target: `tcp:127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, met, open, told }
}

test.for([
  { what: 'that makes no new band', part: 'band', rule: 'air.frames', lines: 1, welcomes: ['control'], replies: () => ({ ok: false }) },
  { what: 'that makes no new phone', part: 'phone', rule: 'pair.binds', lines: 1, welcomes: ['control'], replies: () => ({ ok: false }) },
  {
    what: 'whose hands say nothing to a phone',
    part: 'phone',
    rule: 'pair.binds',
    lines: 1,
    welcomes: ['control'],
    replies: () => undefined,
  },
  {
    what: 'that is silent over the air',
    part: 'band',
    rule: 'air.frames',
    lines: 2,
    welcomes: ['control', 'phone-air'],
    replies: () => BORN,
  },
  { what: 'that welcomes nobody', part: 'band', rule: 'air.frames', lines: 1, welcomes: [], replies: () => undefined },
] as const)('a target $what is left with no line open', async ({ part, rule, lines, ...manner }) => {
  const { target, met, open, told } = await targetWith(manner)
  await runConformance({ part, target, patience: PATIENCE, only: [rule] }).catch(() => {})
  expect(met).toHaveLength(lines)
  await expect.poll(() => open.size, { timeout: CLOSED_WITHIN_MS }).toBe(0)
  for (const { backend } of told) if (backend !== undefined) await expect(fetch(backend)).rejects.toThrow('fetch failed')
})
