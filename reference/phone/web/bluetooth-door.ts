/**
 * A real band by Web Bluetooth: the page's browser asks its owner which band, and holds the connection while the page is open. Chrome on
 * Android, macOS, Windows and Linux has it; Safari and Firefox do not.
 */
import {
  FRAME_BYTES_UUID,
  FROM_BAND_UUID,
  LINK_FRAME_BYTES_MAX,
  LINK_FRAME_BYTES_MIN,
  PHONE_SERVICE_UUID,
  TO_BAND_UUID,
} from '#shared/contracts/phone-link.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { Turns } from '#shared/turns.ts'
import type { BandDoor, BandTransport, Reached, ReachRefusal, TransportListener } from './transport.ts'

/** What we use of `navigator.bluetooth`. `getDevices` is not in every browser that has the rest. */
export type BluetoothHere = Pick<Bluetooth, 'requestDevice'> & Partial<Pick<Bluetooth, 'getDevices'>>

/** Lets the owner choose a band. Must be called from a tap: browsers open their chooser for nothing else. */
export async function chooseBand(bluetooth: BluetoothHere | undefined): Promise<Result<BandDoor, ReachRefusal>> {
  if (!bluetooth) return err('not-supported')
  try {
    const device = await bluetooth.requestDevice({ filters: [{ services: [PHONE_SERVICE_UUID] }] })
    return ok(doorOf(device))
  } catch (error) {
    // The chooser was closed, or found nothing: browsers do not tell the two apart.
    return err(error instanceof DOMException && error.name === 'NotFoundError' ? 'not-chosen' : 'not-supported')
  }
}

/** The band chosen before the page was loaded again, in browsers that remember it for the page. */
export async function knownBand(bluetooth: BluetoothHere | undefined): Promise<BandDoor | undefined> {
  try {
    const [device] = (await bluetooth?.getDevices?.()) ?? []
    return device && doorOf(device)
  } catch {
    return undefined
  }
}

function doorOf(device: BluetoothDevice): BandDoor {
  return { open: async (listener) => connect(device, listener) }
}

async function connect(device: BluetoothDevice, listener: TransportListener): Promise<Reached> {
  const { gatt } = device
  if (!gatt) return err('not-supported')
  let transport: BluetoothTransport | undefined
  const onLost = () => transport?.lost()
  device.addEventListener('gattserverdisconnected', onLost, { once: true })
  const giveUp = (refusal: ReachRefusal): Reached => {
    device.removeEventListener('gattserverdisconnected', onLost)
    if (gatt.connected) gatt.disconnect()
    return err(refusal)
  }
  try {
    await gatt.connect()
    const service = await gatt.getPrimaryService(PHONE_SERVICE_UUID)
    const size = await (await service.getCharacteristic(FRAME_BYTES_UUID)).readValue()
    const frameBytes = size.byteLength === 2 ? Math.min(LINK_FRAME_BYTES_MAX, size.getUint16(0, true)) : 0
    if (frameBytes < LINK_FRAME_BYTES_MIN) return giveUp('too-small')
    const [fromBand, toBand] = await Promise.all([service.getCharacteristic(FROM_BAND_UUID), service.getCharacteristic(TO_BAND_UUID)])
    transport = new BluetoothTransport({ gatt, fromBand, toBand, frameBytes, listener })
    // The band speaks as soon as it is listened to.
    await fromBand.startNotifications()
    return gatt.connected ? ok(transport) : giveUp('out-of-reach')
  } catch {
    transport?.close()
    return giveUp('out-of-reach')
  }
}

type TransportParts = {
  readonly gatt: BluetoothRemoteGATTServer
  readonly fromBand: BluetoothRemoteGATTCharacteristic
  readonly toBand: BluetoothRemoteGATTCharacteristic
  readonly frameBytes: number
  readonly listener: TransportListener
}

class BluetoothTransport implements BandTransport {
  readonly frameBytes: number
  readonly #parts: TransportParts
  #isOpen = true
  /** One operation of GATT may be under way at a time, so each frame waits for the one before. */
  readonly #writes = new Turns()

  constructor(parts: TransportParts) {
    this.#parts = parts
    this.frameBytes = parts.frameBytes
    parts.fromBand.addEventListener('characteristicvaluechanged', this.#onValue)
  }

  write(frame: Uint8Array<ArrayBuffer>): void {
    this.#writes.begin(async () => {
      if (!this.#isOpen) return
      try {
        await this.#parts.toBand.writeValueWithoutResponse(frame)
      } catch {
        this.#parts.gatt.disconnect()
        this.lost()
      }
    })
  }

  close(): void {
    if (!this.#end()) return
    this.#parts.gatt.disconnect()
  }

  /** The connection is gone. */
  lost(): void {
    if (this.#end()) this.#parts.listener.onEnd()
  }

  #end(): boolean {
    const wasOpen = this.#isOpen
    this.#isOpen = false
    this.#parts.fromBand.removeEventListener('characteristicvaluechanged', this.#onValue)
    return wasOpen
  }

  readonly #onValue = (): void => {
    const { value } = this.#parts.fromBand
    if (value && this.#isOpen)
      this.#parts.listener.onFrame(Uint8Array.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)))
  }
}
