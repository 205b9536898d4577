/**
 * The least an authorizer must do for a payment: check the terminal's and the band's signature, with keys at hand, and commit the rows of
 * a yes, once and durably. It checks nothing else, reads nothing and signs nothing; the rows are opaque bytes.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import Database from 'better-sqlite3'
import { assert } from '#shared/assert.ts'
import { toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { decodeSign1, toBeSigned } from '#shared/contracts/cose.ts'
import { decompressPoint } from '#shared/crypto/keys.ts'
import type { AuthorizerWorld, SignatureCheck } from './authorizer-world.ts'

const COORDINATE_BYTES = 32
/** Pages before a checkpoint, as the backend has it. */
const CHECKPOINT_PAGES = 4_000

type Row = { readonly bytes: Uint8Array; readonly isNew: boolean }

export class BareAuthorizer {
  readonly rowCount: number
  readonly #database: Database.Database
  readonly #commit: () => void
  readonly #keys = new Map<string, KeyObject>()

  private constructor(database: Database.Database, rows: readonly Row[]) {
    this.#database = database
    this.rowCount = rows.length
    // One table for each of the authorizer's, so that both spread their rows over as many pages.
    const writes = rows.map(({ bytes, isNew }, table) => {
      database.exec(`CREATE TABLE bare_${table} (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT`)
      database.prepare(`INSERT INTO bare_${table} (bytes) VALUES (?)`).run(bytes)
      const text = isNew ? `INSERT INTO bare_${table} (bytes) VALUES (?)` : `UPDATE bare_${table} SET bytes = ? WHERE id = 1`
      return { statement: database.prepare(text), bytes }
    })
    const commit = database.transaction(() => {
      for (const { statement, bytes } of writes) statement.run(bytes)
    })
    this.#commit = () => commit.immediate()
  }

  /** Writes what one payment of this world writes: it makes that payment to see. */
  static async open(file: string, world: AuthorizerWorld): Promise<BareAuthorizer> {
    const database = new Database(file)
    for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', `wal_autocheckpoint = ${CHECKPOINT_PAGES}`]) database.pragma(pragma)
    assert(database.pragma('synchronous', { simple: true }) === 2, 'the baseline is as durable as the backend')
    return new BareAuthorizer(database, await rowsOfOnePayment(world))
  }

  authorize(checks: readonly SignatureCheck[]): void {
    for (const { point, signed } of checks) {
      const parts = decodeSign1(signed)
      assert(parts.ok, 'a signed statement is one')
      const { protectedHeader, payload, signature } = parts.value
      const key = { key: this.#keyOf(point), dsaEncoding: 'ieee-p1363' } as const
      assert(verify('sha256', toBeSigned(protectedHeader, payload), key, signature), 'the signature is good')
    }
    this.#commit()
  }

  close(): void {
    this.#database.close()
  }

  #keyOf(point: Uint8Array): KeyObject {
    const name = toHex(point)
    const known = this.#keys.get(name)
    if (known) return known
    const whole = decompressPoint(point)
    assert(whole.ok, 'a key is a point of the curve')
    const [x, y] = [1, 1 + COORDINATE_BYTES].map((from) => toBase64Url(whole.value.subarray(from, from + COORDINATE_BYTES)))
    assert(x !== undefined && y !== undefined, 'a point has two coordinates')
    const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
    this.#keys.set(name, key)
    return key
  }
}

/** Every row one payment adds or changes, as the bytes it amounts to. */
async function rowsOfOnePayment(world: AuthorizerWorld): Promise<readonly Row[]> {
  const before = everyRow(world.file)
  const [submit] = await world.submits(1)
  assert(submit, 'one submit was asked for')
  const answer = await world.authorizer.submit(submit.phone, submit.body)
  assert(answer.ok && answer.value.kind === 'authorization', 'a good submit is authorized')
  const rows = [...everyRow(world.file)].flatMap(([table, after]) => {
    const known = before.get(table) ?? new Set()
    const written = [...after].filter((row) => !known.has(row))
    const added = after.size - known.size
    return written.map((row, index) => ({ bytes: new TextEncoder().encode(row), isNew: index < added }))
  })
  assert(
    rows.some(({ isNew }) => !isNew),
    'a payment changes a balance',
  )
  return rows
}

/** All rows of a database by their table, each as one text. */
function everyRow(file: string): ReadonlyMap<string, ReadonlySet<string>> {
  const database = new Database(file, { readonly: true })
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all() as string[]
    return new Map(
      tables.map((table) => {
        const rows = database.prepare(`SELECT * FROM "${table}"`).raw().all() as unknown[][]
        return [table, new Set(rows.map((row) => row.join('|')))]
      }),
    )
  } finally {
    database.close()
  }
}
