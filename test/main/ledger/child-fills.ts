/** A process that sells until its disk is full, prints each receipt's number and id once it is committed, then each refusal, and ends. */
import { writeSync } from 'node:fs'
import type { PrivateJwk } from '#shared/crypto/keys.ts'
import { openLedger, saleOf, sell, testKeys } from './sample-sales.ts'

const REFUSALS = 5
const SALES_MAX = 2_000

const [file = '', jwk = '{}'] = process.argv.slice(2)
// The cast: the test that starts this process wrote it.
const { store, ledger } = openLedger(file, await testKeys(JSON.parse(jwk) as PrivateJwk))
let refusals = 0
for (let sales = 0; sales < SALES_MAX && refusals < REFUSALS; sales += 1) {
  const sold = store.write((tx) => sell(tx, ledger, saleOf([{ quantity: 1, price: 4_500 }], [4_500])))
  if (sold.ok) writeSync(1, `${sold.value.number} ${sold.value.id}\n`)
  else {
    refusals += 1
    writeSync(1, `refused ${sold.error.detail}\n`)
  }
}
store.close()
