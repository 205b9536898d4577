/** What witnesses find that the file alone cannot show, and what they cannot make anyone believe. */
import { execFile } from 'node:child_process'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Keys } from '#main/ports.ts'
import { readWitness, TOKEN_VARIABLE, type Witness } from '#reference/tools/verify/read-witness.ts'
import type { Report } from '#reference/tools/verify/report.ts'
import { terminalOf, verifyDatabase } from '#reference/tools/verify/verify.ts'
import type { SeenHead, WitnessFile } from '#shared/contracts/witness.ts'
import { newFolder, newJwk, openLedger, saleOf, sell, TERMINAL, testKeys, valueOf } from '../main/ledger/sample-sales.ts'
import { imageOf, restoredImage } from './restored-image.ts'

const folder = newFolder()
const jwk = newJwk()
let keys: Keys
const place = (name: string) => join(folder.path, name)
const AT = '2026-11-22T12:00:00.000Z'
const LATER = '2026-11-23T12:00:00.000Z'

/** Another six sales on a file. */
function sold(file: string, price: number): void {
  const { store, ledger } = openLedger(file, keys)
  for (let sale = 0; sale < 6; sale += 1) valueOf(store.write((tx) => sell(tx, ledger, saleOf([{ quantity: 1, price }], []))))
  store.close()
}

beforeAll(async () => {
  keys = await testKeys(jwk)
  const file = place('terminal.sqlite')
  sold(file, 4_500)
  copyFileSync(file, place('early.sqlite'))
  copyFileSync(file, place('rewritten.sqlite'))
  sold(file, 4_500)
  // By the terminal's own code, with its own key: what came after the copy says other things, and all of it is signed.
  sold(place('rewritten.sqlite'), 100)
})
afterAll(() => folder.remove())

type HeadRow = { readonly seq: number; readonly hash: string; readonly signature: string }
function headsOf(file: string): readonly HeadRow[] {
  const database = new Database(imageOf(file))
  const rows = database.prepare<[], HeadRow>('SELECT seq, hash, signature FROM audit_heads ORDER BY seq').all()
  database.close()
  return rows
}
/** As a phone keeps it: the first 16 bytes, and no epoch. */
const cut = ({ seq, hash }: HeadRow, at = AT): SeenHead => ({ seq, head: hash.slice(0, 32), at })
const witness = (name: string, ...heads: readonly SeenHead[]): Witness => ({ name, heads })

function verified(image: Buffer, ...witnesses: readonly Witness[]): Report {
  const database = new Database(image)
  const report = verifyDatabase(database, undefined, witnesses)
  database.close()
  return report
}
const said = (report: Report) => report.problems.map(({ table, row, text }) => `${table} ${row}: ${text}`)

test('a file as it was left agrees with all who saw it, and says what each of them proves', () => {
  const heads = headsOf(place('terminal.sqlite'))
  const [third, last] = [heads[2], heads.at(-1)]
  if (!third || !last) throw new Error('thirteen entries')
  const report = verified(imageOf(place('terminal.sqlite')), witness('mei', cut(third), cut(last, LATER)), witness('nobody'))
  expect(said(report)).toEqual([])
  expect(report.sound).toBe(true)
  expect(report.witnesses).toEqual([
    { name: 'mei', heads: 2, agree: 2, lost: 0, disagree: 0, newest: { seq: 13, at: LATER } },
    { name: 'nobody', heads: 0, agree: 0, lost: 0, disagree: 0 },
  ])
  expect(report.notProven[0]).toBe(`That nothing came after entry 13 since ${LATER}, when a witness saw it as the newest.`)
  expect(verified(imageOf(place('terminal.sqlite')), witness('mei', cut(third))).notProven[0]).toContain(
    'the newest entry that a witness saw is 3',
  )
  expect(verified(imageOf(place('terminal.sqlite'))).notProven[0]).toContain('shows only against a witness')
})

test('a tail that was cut off with all its traces is found by whoever saw it', () => {
  const image = imageOf(place('early.sqlite'))
  expect(verified(image).sound).toBe(true)
  const [ninth] = headsOf(place('terminal.sqlite')).slice(8)
  const report = verified(image, witness('mei', ...(ninth ? [cut(ninth)] : [])))
  expect(report.sound).toBe(false)
  expect(said(report)).toEqual([
    `witness mei: entry 9, seen at ${AT}, is not here: the file ends with entry 7. Its tail was cut off, or it is an older copy. No other witness speaks of it.`,
  ])
})

test('a journal rewritten with the terminal’s own key is found, though every hash and signature in it is right', () => {
  const image = imageOf(place('rewritten.sqlite'))
  expect(verified(image).sound).toBe(true)
  const heads = headsOf(place('terminal.sqlite'))
  const [seventh, eighth, ninth] = heads.slice(6)
  if (!seventh || !eighth || !ninth) throw new Error('thirteen entries')
  const report = verified(image, witness('mei', cut(seventh), cut(eighth)), witness('lin', cut(eighth)))
  expect(report.checks.find(({ name }) => name === 'witnesses')).toMatchObject({ rows: 3, problems: 2 })
  expect(said(report)).toEqual([
    expect.stringMatching(
      /^witness mei: entry 8, seen at .*: entries were changed, and hashed again from there on\. The same was seen by lin\.$/,
    ),
    expect.stringMatching(/^witness lin: entry 8, seen at .* The same was seen by mei\.$/),
  ])
  // The backend was given this one signed.
  const signed = { seq: ninth.seq, head: ninth.hash, signature: ninth.signature, epoch: 1, at: AT }
  expect(said(verified(image, witness('backend', signed)))).toEqual([
    expect.stringMatching(/The terminal’s own signature is on what was seen: the witness cannot have made it up\.$/),
  ])
})

describe('a witness that lies', () => {
  const image = () => imageOf(place('terminal.sqlite'))
  const honest = (...seqs: number[]) =>
    headsOf(place('terminal.sqlite'))
      .filter(({ seq }) => seqs.includes(seq))
      .map((head) => cut(head))

  test('is named as disagreeing with the others', () => {
    const lie = { seq: 5, head: 'f'.repeat(32), at: AT }
    const report = verified(
      image(),
      witness('mei', ...honest(4)),
      witness('wu', lie),
      witness('lin', ...honest(9)),
      witness('xu', ...honest(5)),
    )
    expect(said(report)).toEqual([
      expect.stringMatching(/^witness wu: entry 5, .* This witness disagrees with the others: what the file says was seen by lin, xu\.$/),
    ])
    expect(report.witnesses.map(({ name, disagree }) => [name, disagree])).toEqual([
      ['mei', 0],
      ['wu', 1],
      ['lin', 0],
      ['xu', 0],
    ])
  })

  test('is not believed with a signature that is not the terminal’s', () => {
    const [head] = headsOf(place('rewritten.sqlite')).slice(8)
    if (!head) throw new Error('thirteen entries')
    const forged = { seq: head.seq, head: head.hash, signature: headsOf(place('terminal.sqlite'))[2]?.signature ?? '', at: AT }
    expect(said(verified(image(), witness('wu', forged)))).toEqual([expect.stringMatching(/this witness is not to be believed\.$/)])
  })

  test('and one that contradicts itself is named once', () => {
    const [fifth] = honest(5)
    if (!fifth) throw new Error('thirteen entries')
    const report = verified(image(), witness('wu', fifth, { ...fifth, head: '0'.repeat(32) }))
    expect(said(report)).toHaveLength(1)
  })
})

test('an honest restore: what was seen of the lost part is lost, what was seen of this one agrees', async () => {
  const image = await restoredImage(folder.path, jwk)
  const lost = headsOf(place('lost.sqlite')).slice(3)
  const here = headsOf(place('copy.sqlite'))
  const ofBackend = [
    ...lost.map((head) => ({ ...cut(head), epoch: 1 })),
    ...here.map((head) => ({ ...cut(head), epoch: head.seq > 3 ? 2 : 1 })),
  ]
  const report = verified(
    image,
    witness('backend', ...ofBackend),
    witness('mei', ...lost.map((head) => cut(head)), ...here.slice(0, 5).map((head) => cut(head))),
  )
  expect(said(report)).toEqual([])
  expect(report.witnesses).toEqual([
    { name: 'backend', heads: ofBackend.length, agree: here.length, lost: 3, disagree: 0, newest: { seq: here.length, at: AT } },
    { name: 'mei', heads: 8, agree: 5, lost: 3, disagree: 0, newest: { seq: 5, at: AT } },
  ])
  expect(report.notProven.at(-1)).toBe(
    'That the restores in the journal were honest: 6 heads that were seen are of what they say was lost.',
  )

  // What was seen a day after the restore cannot have been lost by it, nor can what came before the copy was made.
  const [after] = lost
  expect(said(verified(image, witness('mei', ...(after ? [cut(after, LATER)] : []))))).toEqual([
    expect.stringContaining('entries were changed'),
  ])
  expect(said(verified(image, witness('mei', { seq: 2, head: 'a'.repeat(32), at: AT })))).toEqual([expect.stringContaining('entry 2')])
  expect(said(verified(image, witness('backend', { epoch: 3, seq: 9, head: 'a'.repeat(32), at: LATER })))).toEqual([
    expect.stringContaining('is of epoch 3, and the file ends in epoch 2: a restore is missing'),
  ])
  // The file from before the restore is a copy that lacks it.
  const [newest] = here.slice(-1)
  const older = verified(imageOf(place('lost.sqlite')), witness('backend', ...(newest ? [{ ...cut(newest), epoch: 2 }] : [])))
  expect(said(older)).toEqual([expect.stringContaining('is of epoch 2, and the file ends in epoch 1')])
})

describe('reading a witness', () => {
  const fileOf = (content: unknown) => {
    const name = place('witness.json')
    writeFileSync(name, typeof content === 'string' ? content : JSON.stringify(content))
    return name
  }
  const head = { terminalId: TERMINAL, seq: 3, head: 'a'.repeat(32), at: AT }
  const file: WitnessFile = { format: 'bandtill-witness-1', heads: [head, { ...head, terminalId: 'aurora-2' }] }
  const reading = { terminalId: TERMINAL, token: 'a-token-of-the-operator' }

  test('a file gives the heads of this terminal alone', async () => {
    const read = valueOf(await readWitness(fileOf(file), reading))
    expect(read.heads).toEqual([head])
  })

  test.each([
    ['no JSON', 'heads'],
    ['another format', { ...file, format: 'bandtill-witness-2' }],
    ['a head that is none', { ...file, heads: [{ ...head, head: 'a'.repeat(33) }] }],
    ['a place that is none', { ...file, heads: [{ ...head, seq: -1 }] }],
    ['a field too many', { ...file, heads: [{ ...head, more: 1 }] }],
    ['nothing', ''],
  ])('a file with %s is refused', async (_, content) => {
    expect(await readWitness(fileOf(content), reading)).toEqual({
      ok: false,
      error: expect.stringContaining('it is no witness file') as string,
    })
  })

  const answering = (...bodies: readonly (string | number)[]): { readonly fetch: typeof fetch; readonly asked: string[] } => {
    const asked: string[] = []
    const next = [...bodies]
    return {
      asked,
      fetch: async (url, options) => {
        asked.push(`${new Request(url).url} ${new Headers(options?.headers).get('authorization') ?? ''}`)
        const body = next.shift() ?? 500
        return typeof body === 'number' ? new Response('{}', { status: body }) : new Response(body)
      },
    }
  }
  const page = (heads: readonly object[], next?: string) => JSON.stringify({ heads, ...(next === undefined ? {} : { next }) })
  const seen = { epoch: 2, seq: 3, head: 'a'.repeat(32), at: AT, source: 'outbox' }

  test('a backend is asked page by page as its operator; an epoch counts where the terminal said it', async () => {
    const { fetch, asked } = answering(page([seen], '2.3.x.outbox'), page([{ ...seen, seq: 4, source: 'request' }]))
    const read = valueOf(await readWitness('https://backend.example', { ...reading, fetch }))
    expect(read.heads).toEqual([
      { epoch: 2, seq: 3, head: seen.head, at: AT },
      { seq: 4, head: seen.head, at: AT },
    ])
    expect(asked).toEqual([
      `https://backend.example/v1/witness/${TERMINAL} Bearer ${reading.token}`,
      `https://backend.example/v1/witness/${TERMINAL}?after=2.3.x.outbox Bearer ${reading.token}`,
    ])
  })

  test.each([
    ['refuses', [403], 'it answers 403'],
    ['says something else', ['{}'], 'not what the contract says'],
    ['says no JSON', ['<html>'], 'not what the contract says'],
    ['goes in a circle', [page([], 'x'), page([], 'x')], 'in a circle'],
    ['breaks off', [page([], 'x')], 'it answers 500'],
  ])('a backend that %s is no witness', async (_, bodies, error) => {
    const { fetch } = answering(...bodies)
    expect(await readWitness('https://backend.example', { ...reading, fetch })).toEqual({
      ok: false,
      error: expect.stringContaining(error) as string,
    })
  })

  test('the token goes nowhere in the clear, and is needed', async () => {
    const { fetch, asked } = answering()
    expect(await readWitness('http://backend.example', { ...reading, fetch })).toMatchObject({
      error: expect.stringContaining('https only') as string,
    })
    expect(await readWitness('https://b.example', { ...reading, token: undefined, fetch })).toMatchObject({
      error: expect.stringContaining(TOKEN_VARIABLE) as string,
    })
    expect(asked).toEqual([])
  })
})

/** Exit code, and what was printed on both. */
async function run(...args: readonly string[]): Promise<{ readonly code: number | null; readonly printed: string }> {
  const script = fileURLToPath(new URL('../../reference/tools/verify/main.ts', import.meta.url))
  const { promise, resolve } = Promise.withResolvers<{ readonly code: number | null; readonly printed: string }>()
  const child = execFile(
    process.execPath,
    [script, ...args],
    { env: { ...process.env, [TOKEN_VARIABLE]: 'token-of-nobody' } },
    (_, stdout, stderr) => resolve({ code: child.exitCode, printed: stdout + stderr }),
  )
  return promise
}

test('the command takes several witnesses and says by its exit code what they made of it', async () => {
  const heads = headsOf(place('terminal.sqlite'))
  const write = (name: string, some: readonly HeadRow[]) => {
    const file: WitnessFile = { format: 'bandtill-witness-1', heads: some.map((head) => ({ ...cut(head), terminalId: TERMINAL })) }
    writeFileSync(place(name), JSON.stringify(file))
    return place(name)
  }
  const [mei, lin] = [write('mei.json', heads.slice(0, 7)), write('lin.json', heads.slice(8))]
  const sound = await run(place('terminal.sqlite'), '--witness', mei, '--witness', lin)
  expect(sound).toMatchObject({
    code: 0,
    printed: expect.stringContaining('5 heads, 5 agree, 0 disagree; proves: entries 1 to 13') as string,
  })
  const bad = await run(place('early.sqlite'), '--witness', mei, '--witness', lin, '--json')
  expect(bad.code).toBe(1)
  expect((JSON.parse(bad.printed) as Report).witnesses.map(({ disagree }) => disagree)).toEqual([0, 5])
  writeFileSync(place('garbage.json'), '{"format":"bandtill-witness-1","heads":[{}]}')
  const refused = await Promise.all(
    [place('garbage.json'), 'http://127.0.0.1:1'].map(async (name) => run(place('terminal.sqlite'), '--witness', mei, '--witness', name)),
  )
  expect(refused.map(({ code }) => code)).toEqual([2, 2])
})

test('a file whose first entry is no entry names no terminal', () => {
  const database = new Database(':memory:')
  expect(terminalOf(database)).toBeUndefined()
  database.exec(`CREATE VIEW audit_journal AS SELECT 1 AS seq, '[]' AS entry_json`)
  expect(terminalOf(database)).toBeUndefined()
  database.close()
})
