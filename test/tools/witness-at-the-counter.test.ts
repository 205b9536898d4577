/** A sale by band makes two witnesses of the till's journal: the customer's phone and the backend. */
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, expect, test } from 'vitest'
import { readWitness } from '#reference/tools/verify/read-witness.ts'
import { terminalOf, verifyDatabase } from '#reference/tools/verify/verify.ts'
import { OPERATOR_TOKEN } from '#test/support/backend-world.ts'
import { CounterWorld } from '#test/support/counter-world.ts'
import { valueOf } from '../main/ledger/sample-sales.ts'
import { imageOf } from './restored-image.ts'

let world: CounterWorld
afterEach(async () => world.close())

async function sellByBand(): Promise<void> {
  await world.popcorn()
  expect(await world.settled(await world.charge())).toBe('paid')
  await world.synced()
}

/** What `verify --witness` finds in a file, by the word of the customer's phone and of the backend. */
async function report(file: string) {
  const phone = join(world.folder, 'phone.json')
  writeFileSync(phone, JSON.stringify(world.customer().witness.file()))
  const database = new Database(imageOf(file))
  const reading = { terminalId: terminalOf(database) ?? '', token: OPERATOR_TOKEN }
  const witnesses = [valueOf(await readWitness(phone, reading)), valueOf(await readWitness(world.backend.url, reading))]
  const found = verifyDatabase(database, undefined, witnesses)
  database.close()
  return found
}

test('both agree with the till’s file, and both miss the sale that was cut off a copy', async () => {
  world = await CounterWorld.open()
  const [file, early] = [join(world.folder, 'terminal.sqlite'), join(world.folder, 'early.sqlite')]
  await sellByBand()
  await world.stop()
  copyFileSync(file, early)
  await world.start()
  await world.ready()
  await sellByBand()
  await sellByBand()
  await world.stop()

  const whole = await report(file)
  expect(whole.problems).toEqual([])
  expect(whole.witnesses.map(({ agree, disagree }) => [agree > 0, disagree])).toEqual([
    [true, 0],
    [true, 0],
  ])
  const cut = await report(early)
  expect(cut.sound).toBe(false)
  expect(new Set(cut.problems.map(({ table, row }) => `${table} ${row}`))).toEqual(
    new Set([`witness ${join(world.folder, 'phone.json')}`, `witness ${world.backend.url}`]),
  )
  expect(cut.problems[0]?.text).toMatch(/is not here: the file ends with entry \d+\. Its tail was cut off, or it is an older copy\./)
})
