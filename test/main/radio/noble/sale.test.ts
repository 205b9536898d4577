/** A whole sale over Bluetooth as the libraries speak it: noble in the terminal, an independent stack under the band, HCI between them. */
import { afterEach, expect, test } from 'vitest'
import { until } from '#test/support/until.ts'
import { type AttDirection, answerMtuWith, holdMtuTo } from '#test/support/virtual-bluetooth/air.ts'
import { type BluetoothCounter, bluetoothCounter, runToEnd } from '#test/support/virtual-bluetooth/bluetooth-counter.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

type Options = {
  readonly choice?: 'stoprocent' | 'abandonware'
  readonly mtu?: number
  readonly onAtt?: (direction: AttDirection, pdu: Buffer) => Buffer | undefined
}

async function opened({ choice = 'stoprocent', mtu = 185, onAtt }: Options = {}): Promise<BluetoothCounter> {
  const counter = await bluetoothCounter(choice, mtu)
  closers.push(async () => counter.close())
  if (onAtt) counter.air.onAtt = onAtt
  await counter.bringBand()
  await counter.world.start()
  await counter.world.ready()
  return counter
}

/** Sells and gives what the attempt's record says of the radio. */
async function sell({ world }: BluetoothCounter) {
  await world.popcorn()
  const requestId = await world.charge()
  const ending = await runToEnd(world, requestId)
  const row = world.store.get('SELECT att_requests, request_segments, request_bytes FROM attempts WHERE request_id = ?', requestId)
  return { ending, requests: row?.['att_requests'], segments: row?.['request_segments'], bytes: Number(row?.['request_bytes']) }
}

test.each(['stoprocent', 'abandonware'] as const)(
  'over @%s/noble: seven ATT requests on the wire, three segments, two vibrations',
  async (choice) => {
    const counter = await opened({ choice })
    const { world, air } = counter
    expect(world.state.status.radio).toMatchObject({ state: 'scanning', driver: choice })
    const sale = await sell(counter)
    expect(sale).toMatchObject({ ending: 'paid', requests: 7, segments: 3 })
    expect(sale.bytes).toBeLessThanOrEqual(534)
    expect(air.attRequests).toBe(7)
    await until('the band vibrates', () => world.events.some((event) => JSON.stringify(event).includes('vibrated')))
    expect(world.receiptCount()).toBe(1)
    expect(await world.disagreements()).toEqual([])
    expect(counter.faults).toEqual([])
    // The band is heard again while it is not connected, and pays again.
    await until('in sight', () => world.state.bands.length === 1)
    expect(await sell(counter)).toMatchObject({ ending: 'paid', requests: 7 })
  },
)

test.each([23, 24, 64, 185, 247, 517])('both sides at MTU %s', async (mtu) => {
  const counter = await opened({ mtu })
  const sale = await sell(counter)
  expect(sale.ending).toBe('paid')
  expect(sale.segments).toBe(Math.ceil(sale.bytes / (Math.min(mtu, 256) - 3 - 4)))
  expect(sale.requests).toBe(counter.air.attRequests)
})

test.each([0, 5, 65_535])('a band that answers MTU %s is served as far as both can be right', async (claimed) => {
  const counter = await opened({ mtu: 256, onAtt: answerMtuWith(claimed, 256) })
  const sale = await sell(counter)
  expect(sale.ending).toBe('paid')
  expect(sale.segments).toBe(Math.ceil(sale.bytes / (Math.max(23, Math.min(claimed, 256)) - 3 - 4)))
})

test('a band that asks for another MTU in mid-session changes nothing', async () => {
  const hold = holdMtuTo(185)
  const counter = await opened()
  let asked = 0
  counter.air.onAtt = (direction, pdu) => {
    // Its question goes in front of each notification, as a message of its own.
    if (direction === 'to-terminal' && pdu[0] === 0x1b && asked < 3) {
      asked += 1
      counter.air.inject(Buffer.from([0x02, 23, 0]))
    }
    return hold(direction, pdu)
  }
  expect(await sell(counter)).toMatchObject({ ending: 'paid', segments: 3 })
  expect(asked).toBe(3)
})
