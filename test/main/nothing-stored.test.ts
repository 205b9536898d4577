/** "7 bands near, 0 stored": nothing of a band that was heard is on the terminal's disk, neither of a crowd nor of the one that paid. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type Log, openLog } from '#main/hosting/log.ts'
import type { Radio, Sighting } from '#main/ports.ts'
import { createPracticeRadio } from '#main/radio/practice-radio.ts'
import { decodeAdvert } from '#shared/contracts/band-advert.ts'
import { toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { FLAG_ARMED, FLAG_PHONE_LINKED, FLAG_WORN } from '#shared/contracts/radio-messages.ts'
import { CounterWorld, demand } from '#test/support/counter-world.ts'
import { Seeded } from '#test/support/seeded.ts'

const SEED = 7
const CROWD = 200
const ADDRESS_BYTES = 6
const ROTATING_ID_BYTES = 8
const FAR_DBM = -88

let world: CounterWorld
afterEach(async () => world.close())

/** Everything that the terminal keeps: its records with their log, and what it wrote for people. */
function onDisk(): Buffer {
  const files = ['terminal.sqlite', 'terminal.sqlite-wal', 'terminal.sqlite-shm', 'terminal.log'].map((name) => join(world.folder, name))
  return Buffer.concat(files.filter((file) => existsSync(file)).map((file) => readFileSync(file)))
}

/** Whether these bytes are there, as they are or as anybody would write them. */
function isIn(haystack: Buffer, bytes: Uint8Array): boolean {
  const hex = toHex(bytes)
  const pairs = hex.match(/../g) ?? []
  const texts = [hex, hex.toUpperCase(), pairs.join(':'), pairs.join(':').toUpperCase(), pairs.toReversed().join(''), toBase64Url(bytes)]
  return [Buffer.from(bytes), Buffer.from(bytes).reverse(), ...texts.map((text) => Buffer.from(text))].some((form) =>
    haystack.includes(form),
  )
}

/** The practice radio, and the ear of the terminal for whoever else goes by. Its faults are logged as a host logs them. */
function radioInCrowd(): { readonly make: () => Radio; readonly hear: (sighting: Sighting) => void; readonly log: Log } {
  const log = openLog(world.folder)
  const listeners = new Set<(sighting: Sighting) => void>()
  const make = () => {
    const radio = createPracticeRadio({
      where: { path: world.airPath },
      clock: world.clock,
      random: () => 0.5,
      onFault: (fault) => log.warn(fault, 'the radio lost a band'),
    })
    const onSighting = (listener: (sighting: Sighting) => void) => {
      listeners.add(listener)
      return radio.onSighting(listener)
    }
    return { ...bound(radio), onSighting }
  }
  const hear = (sighting: Sighting) => {
    for (const listener of listeners) listener(sighting)
  }
  return { make, hear, log }
}

function bound(radio: Radio): Radio {
  return {
    state: () => radio.state(),
    onState: (listener) => radio.onState(listener),
    onSighting: (listener) => radio.onSighting(listener),
    start: () => radio.start(),
    stop: async () => radio.stop(),
    connect: async (address) => radio.connect(address),
  }
}

test(`a crowd of ${CROWD} goes by, one pays, one is garbled: no address and no rotating id is on the disk (seed ${SEED})`, async () => {
  world = await CounterWorld.build()
  const { make, hear, log } = radioInCrowd()
  world.hooks.radio = make
  await world.start()
  await world.ready()
  const random = new Seeded(SEED)
  const crowd = Array.from({ length: CROWD }, () => ({ address: random.bytes(ADDRESS_BYTES), rotatingId: random.bytes(ROTATING_ID_BYTES) }))
  const flags = FLAG_WORN | FLAG_ARMED | FLAG_PHONE_LINKED
  for (const { address, rotatingId } of crowd) {
    hear({ address: toHex(address), rssi: FAR_DBM, advert: { flags, rotatingId }, atMonotonicMs: world.clock.monotonicMs() })
  }
  await world.until('they are in sight', () => world.state.bands.length > 1)
  const own = await world.customer().band.advertisement()
  const ownAdvert = decodeAdvert(own.manufacturerData)

  await world.popcorn()
  const requestId = await world.charge()
  expect(await world.settled(requestId)).toBe('paid')
  // One of the crowd is charged by mistake, and is not there: a reason to log something.
  await world.popcorn()
  const far = world.state.bands.at(-1)
  if (!far) throw new Error('the crowd has gone')
  const gone = await world.till.chargeBand({ sightingId: far.id })
  if (gone.ok) expect(await world.settled(gone.value.requestId)).toBe('not-asked')
  world.fault('garble')
  const cut = demand(await world.till.chargeBand({ sightingId: world.state.bands[0]?.id ?? far.id })).requestId
  const retry = setInterval(() => world.clock.advance(500), 20)
  await world.settled(cut)
  clearInterval(retry)
  for (const { message, fields } of world.warnings) log.warn(fields, message)
  log.info({}, 'the day is over')

  const heard = [...crowd.flatMap(({ address, rotatingId }) => [address, rotatingId]), own.address, ownAdvert?.rotatingId ?? own.address]
  const running = onDisk()
  // The search finds what is there.
  expect(running.includes(requestId)).toBe(true)
  expect(running.includes('the day is over')).toBe(true)
  expect(isIn(Buffer.concat([running, Buffer.from(toHex(own.address))]), own.address)).toBe(true)
  expect(heard.filter((bytes) => isIn(running, bytes)).map(toHex)).toEqual([])
  await world.stop()
  const atRest = onDisk()
  expect(heard.filter((bytes) => isIn(atRest, bytes)).map(toHex)).toEqual([])
})
