/**
 * A disk that really takes no more: the system lets the process write files up to a size, and refuses every byte beyond it, wherever in a
 * commit that falls. Needs no rights; the shell's `ulimit -f` sets it.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { generatePrivateJwk } from '#shared/crypto/keys.ts'
import { openLedger, saleOf, sell, testKeys, valueOf } from './sample-sales.ts'

const CHILD = join(import.meta.dirname, 'child-fills.ts')
/** Blocks of 1,024 bytes. No two fall on the same part of a commit, whose frames are 4,120 bytes each. */
const LIMITS = [470, 601, 733, 998]

let folder = ''
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test.skipIf(process.platform === 'win32').each(LIMITS)(
  'files of at most %i KiB: what was acknowledged is there, the rest was refused',
  async (limit) => {
    folder = mkdtempSync(join(tmpdir(), 'bandtill-full-'))
    const file = join(folder, 'terminal.sqlite')
    const jwk = await generatePrivateJwk()
    // The system would end the process at the limit; ignored, the signal becomes an error of the write.
    const script = `trap '' XFSZ; ulimit -f ${limit}; exec "$@"`
    const { stdout } = await promisify(execFile)('bash', ['-c', script, 'bash', process.execPath, CHILD, file, JSON.stringify(jwk)])
    const lines = stdout.trim().split('\n')
    const sold = lines.filter((line) => !line.startsWith('refused'))
    expect(sold.length).toBeGreaterThan(0)
    expect(lines.length - sold.length).toBeGreaterThan(0)

    const { store, ledger } = openLedger(file, await testKeys(jwk))
    expect(store.get('PRAGMA integrity_check')).toEqual({ integrity_check: 'ok' })
    const kept = store.all('SELECT number, id FROM receipts ORDER BY number').map((row) => `${String(row['number'])} ${String(row['id'])}`)
    expect(kept).toEqual(sold)
    // With room again, the series goes on without a gap.
    const next = valueOf(store.write((tx) => sell(tx, ledger, saleOf([{ quantity: 1, price: 4_500 }], [4_500]))))
    expect(next.number).toBe(sold.length + 1)
    store.close()
  },
)
