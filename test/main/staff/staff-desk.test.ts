/** Who stands at the till: entered, signed in, locked out, and what is left on disk of it. */
import { readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { isPin, newPinHash, scryptPin } from '#main/staff/pin-hash.ts'
import { PRACTICE_STAFF } from '#main/staff/practice-staff.ts'
import { STAFF_MAX } from '#shared/contracts/staff.ts'
import type { StaffId } from '#shared/domain/ids.ts'
import { settled } from '#test/support/manual-clock.ts'
import { valueOf } from '../ledger/sample-sales.ts'
import { locked, StaffWorld } from './staff-world.ts'

let world: StaffWorld
afterEach(() => world.close())
const refusal = (code: string, subject?: string) => ({ ok: false, error: { code, ...(subject === undefined ? {} : { subject }) } })

test('a live till begins with nobody, takes its first manager, and starts locked from then on', async () => {
  world = new StaffWorld()
  expect(world.desk.view()).toEqual({ state: 'setup' })
  expect(await world.desk.setUp({ name: ' Mira ', pin: '471100' })).toEqual({ ok: true })
  expect(world.desk.view()).toMatchObject({ state: 'signed-in', staff: { name: 'Mira', role: 'manager' } })
  expect(await world.desk.setUp({ name: 'Eve', pin: '0000' })).toEqual(refusal('setting-refused', 'already-set-up'))
  world.restart()
  const { staff, lastStaffId } = locked(world.desk.view())
  expect(staff).toEqual([{ id: staff[0]?.id, name: 'Mira', role: 'manager' }])
  expect(lastStaffId).toBeUndefined()
  expect(await world.desk.setUp({ name: 'Eve', pin: '0000' })).toEqual(refusal('setting-refused', 'already-set-up'))
})

test('practice begins with two people, shows their PINs, and the cashier is at the till', async () => {
  world = new StaffWorld({ practice: true })
  expect(world.desk.view()).toEqual({ state: 'signed-in', staff: { id: 'practice-cashier', name: '练习 Practice', role: 'cashier' } })
  world.desk.lock()
  expect(locked(world.desk.view()).staff).toEqual([
    { id: 'practice-cashier', name: '练习 Practice', role: 'cashier', pin: '1111' },
    { id: 'practice-manager', name: '练习经理 Manager', role: 'manager', pin: '2222' },
  ])
  valueOf(await world.desk.changePin({ staffId: 'practice-manager' as StaffId, pin: '9090' }))
  valueOf(await world.desk.add({ name: 'Newcomer', role: 'cashier', pin: '1111' }))
  expect(locked(world.desk.view()).staff.map(({ pin }) => pin)).toEqual(['1111', undefined, undefined])
  world.restart()
  expect(world.desk.view().state).toBe('signed-in')
  expect(world.desk.list()).toHaveLength(3)
})

test('the practice PINs are what their kept hashes say, and a real hash tells right from wrong', async () => {
  world = new StaffWorld()
  for (const person of PRACTICE_STAFF) expect(await isPin(scryptPin, person.pin, person)).toBe(true)
  const kept = await newPinHash(scryptPin, '2580')
  expect([kept.salt.length, kept.hash.length]).toEqual([16, 32])
  expect(await isPin(scryptPin, '2580', kept)).toBe(true)
  expect(await isPin(scryptPin, '2581', kept)).toBe(false)
  expect(await newPinHash(scryptPin, '2580')).not.toEqual(kept)
})

test('one person at a time: signing in takes the place of whoever was there', async () => {
  const people = await StaffWorld.withPeople()
  world = people
  expect(await world.signIn(people.cashier, '2580')).toBe('in')
  expect(world.desk.signedIn()).toEqual({ id: people.cashier, name: 'Chao', role: 'cashier' })
  expect(await world.signIn(people.manager, '0000')).toBe('wrong-pin')
  expect(world.desk.signedIn()?.name).toBe('Chao')
  expect(await world.signIn(people.manager, '471100')).toBe('in')
  world.desk.lock()
  expect(locked(world.desk.view()).lastStaffId).toBe(people.manager)
  world.restart()
  expect(locked(world.desk.view()).lastStaffId).toBe(people.manager)
  expect(await world.signIn('nobody' as StaffId, '1')).toBe('staff-unknown')
})

test('a till locked while a PIN is being checked stays locked', async () => {
  const people = await StaffWorld.withPeople()
  world = people
  const { promise, resolve } = Promise.withResolvers<void>()
  world.hold = promise
  const signingIn = world.signIn(people.cashier, '2580')
  await settled()
  world.desk.lock()
  resolve()
  expect(await signingIn).toBe('locked')
  expect(world.desk.view().state).toBe('locked')
  world.hold = undefined
  expect(await world.signIn(people.cashier, '2580')).toBe('in')
})

test('names are one of a kind to the eye; who was removed frees theirs, and their row stays', async () => {
  const people = await StaffWorld.withPeople()
  world = people
  await world.signIn(people.manager, '471100')
  for (const name of ['chao', 'ＣＨＡＯ', ' Chao\u200b ']) {
    expect(await world.desk.add({ name, role: 'cashier', pin: '7777' })).toEqual(refusal('name-taken'))
  }
  expect(await world.desk.add({ name: '\u200b\u202e', role: 'cashier', pin: '7777' })).toEqual(refusal('setting-refused', 'name-empty'))
  expect(world.desk.remove({ staffId: people.cashier })).toEqual({ ok: true })
  expect(await world.signIn(people.cashier, '2580')).toBe('staff-unknown')
  expect(world.desk.remove({ staffId: people.cashier })).toEqual(refusal('staff-unknown'))
  expect(await world.desk.add({ name: 'Chao', role: 'cashier', pin: '7777' })).toEqual({ ok: true })
  expect(world.store.all('SELECT name, removed_at IS NULL AS present FROM staff ORDER BY rowid')).toEqual([
    { name: 'Mira', present: 1 },
    { name: 'Chao', present: 0 },
    { name: 'Chao', present: 1 },
  ])
})

test('somebody can always manage, and nobody removes themselves', async () => {
  const people = await StaffWorld.withPeople()
  world = people
  await world.signIn(people.manager, '471100')
  expect(world.desk.remove({ staffId: people.manager })).toEqual(refusal('last-manager'))
  valueOf(await world.desk.add({ name: 'Second', role: 'manager', pin: '1212' }))
  expect(world.desk.remove({ staffId: people.manager })).toEqual(refusal('setting-refused', 'own-account'))
  const second = world.desk.list().find(({ name }) => name === 'Second')
  expect(await world.signIn(second?.id ?? ('' as StaffId), '1212')).toBe('in')
  expect(world.desk.remove({ staffId: people.manager })).toEqual({ ok: true })
  expect(world.desk.remove({ staffId: second?.id ?? ('' as StaffId) })).toEqual(refusal('last-manager'))
})

test('there are only so many people', async () => {
  world = new StaffWorld()
  valueOf(await world.desk.setUp({ name: 'Mira', pin: '471100' }))
  for (let n = 1; n < STAFF_MAX; n += 1) valueOf(await world.desk.add({ name: `Person ${n}`, role: 'cashier', pin: '1234' }))
  expect(await world.desk.add({ name: 'One more', role: 'cashier', pin: '1234' })).toEqual(refusal('setting-refused', 'staff-full'))
})

test('a new PIN replaces the old one and ends its waits; every change names who made it', async () => {
  const people = await StaffWorld.withPeople()
  world = people
  for (let n = 0; n < 3; n += 1) await world.signIn(people.cashier, '0000')
  expect(await world.signIn(people.cashier, '2580')).toBe('pin-wait 5')
  await world.signIn(people.manager, '471100')
  valueOf(await world.desk.changePin({ staffId: people.cashier, pin: '8642' }))
  world.desk.remove({ staffId: people.manager })
  expect(await world.signIn(people.cashier, '2580')).toBe('wrong-pin')
  expect(await world.signIn(people.cashier, '8642')).toBe('in')
  expect(await world.desk.changePin({ staffId: 'nobody' as StaffId, pin: '1234' })).toEqual(refusal('staff-unknown'))
  expect(world.changes).toEqual([
    { what: 'entered', staffId: people.manager, name: 'Mira', role: 'manager' },
    { what: 'entered', staffId: people.cashier, name: 'Chao', role: 'cashier', by: people.manager },
    { what: 'pin-changed', staffId: people.cashier, name: 'Chao', role: 'cashier', by: people.manager },
  ])
})

test('a disk that refuses: nothing changes, nothing is guessed, and the right PIN is not lost', async () => {
  const people = await StaffWorld.withPeople()
  world = people
  world.store.isFull = () => true
  world.hashed.length = 0
  expect(await world.signIn(people.cashier, '2580')).toMatch(/^storage-failed/)
  expect(world.hashed).toEqual([])
  expect(await world.desk.add({ name: 'New', role: 'cashier', pin: '1234' })).toMatchObject({ error: { code: 'storage-failed' } })
  expect(world.desk.remove({ staffId: people.cashier })).toMatchObject({ error: { code: 'storage-failed' } })
  expect(await world.desk.changePin({ staffId: people.cashier, pin: '1234' })).toMatchObject({ error: { code: 'storage-failed' } })
  // It fills up between the count and the sign-in: the person is in, and only a restart is stricter.
  const { writes } = world.store
  world.store.isFull = (write) => write > writes + 1
  expect(await world.signIn(people.cashier, '2580')).toBe('in')
  expect(world.warnings).toEqual(['sign-in-not-kept'])
  expect(world.desk.list()).toHaveLength(2)
})

test('no PIN is on disk, in a warning or in what screens see of a live till', async () => {
  const people = await StaffWorld.withPeople()
  world = people
  await world.signIn(people.manager, '471100')
  valueOf(await world.desk.changePin({ staffId: people.manager, pin: '90807060' }))
  await world.signIn(people.manager, '13579135')
  const seen = JSON.stringify([world.desk.view(), world.desk.list(), world.changes, world.warnings])
  world.desk.lock()
  const all = [seen, JSON.stringify(world.desk.view())]
  for (const suffix of ['', '-wal']) all.push(readFileSync(`${world.file}${suffix}`, 'latin1'))
  for (const pin of ['471100', '90807060', '13579135']) expect(all.filter((text) => text.includes(pin))).toEqual([])
})

test('the receipt of a payment names who charged it, until the next one is charged', async () => {
  const people = await StaffWorld.withPeople()
  world = people
  await world.signIn(people.cashier, '2580')
  expect(world.desk.cashierName()).toBe('Chao')
  const who = world.desk.signedIn()
  if (who) world.desk.charged(who)
  await world.signIn(people.manager, '471100')
  expect(world.desk.cashierName()).toBe('Chao')
  world.desk.lock()
  expect(world.desk.cashierName()).toBe('Chao')
  // A payment that an earlier run left open was begun by whoever had signed in last then.
  world.restart()
  expect(world.desk.cashierName()).toBe('Mira')
})

test('the end of the program waits for a hash under way and writes nothing after it', async () => {
  const people = await StaffWorld.withPeople()
  world = people
  const { promise, resolve } = Promise.withResolvers<void>()
  world.hold = promise
  const adding = world.desk.add({ name: 'Late', role: 'cashier', pin: '1234' })
  const signingIn = world.signIn(people.cashier, '2580')
  await settled()
  const stopped = world.desk.stop()
  const { writes } = world.store
  resolve()
  await stopped
  expect(await adding).toEqual(refusal('locked'))
  expect(await signingIn).toBe('locked')
  expect(world.store.writes).toBe(writes)
})
