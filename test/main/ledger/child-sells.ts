/** A process that sells for ever into the database named on its command line, and prints each receipt's number and id once it is committed. */
import { writeSync } from 'node:fs'
import type { PrivateJwk } from '#shared/crypto/keys.ts'
import { openLedger, saleOf, sell, testKeys } from './sample-sales.ts'

const [file = '', jwk = '{}'] = process.argv.slice(2)
// The cast: the test that starts this process wrote it.
const { store, ledger } = openLedger(file, await testKeys(JSON.parse(jwk) as PrivateJwk))
for (;;) {
  const sold = store.write((tx) => sell(tx, ledger, saleOf([{ quantity: 1, price: 4_500 }], [4_500])))
  if (sold.ok) writeSync(1, `${sold.value.number} ${sold.value.id}\n`)
}
