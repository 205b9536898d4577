/**
 * A band of reference/ behind an independent Bluetooth stack (ble-host) on a virtual controller: the stack serves the attributes, the
 * band's own session code says what is in them.
 */
import { createRequire } from 'node:module'
import type { Band, BandConnection } from '#reference/band/band.ts'
import { SUBSCRIPTION_HANDLE } from '#reference/band/gatt-table.ts'
import { ATT, u16, uuidBytes } from '#shared/contracts/att.ts'
import { REQUEST_UUID, RESPONSE_UUID, SERVICE_UUID, SESSION_UUID } from '#shared/contracts/band-advert.ts'
import { concat, toHex } from '#shared/contracts/bytes.ts'
import type { VirtualAir } from './air.ts'
import { VirtualController } from './controller.ts'

const REFRESH_MS = 100
const NOTIFICATION_HEADER_BYTES = 3
const REQUEST_HANDLE = 14

// What is used of ble-host, which comes without types.
type HostConnection = {
  readonly gatt: { readonly currentMtu: number }
  disconnect(): void
  on(event: 'disconnect', listener: () => void): void
}
type HostCharacteristic = Record<string, unknown> & { notify?: (connection: HostConnection, value: Buffer) => void }
type Host = {
  readonly gattDb: { addServices(services: readonly unknown[]): void }
  setAdvertisingData(data: Buffer): void
  setScanResponseData(data: Buffer): void
  startAdvertising(options: object, onConnected: (status: number, connection: HostConnection) => void): void
}
type HostModule = {
  readonly BleManager: { create(transport: unknown, options: object, done: (error: Error | null, host: Host) => void): void }
}

export class BandPeripheral {
  readonly controller: VirtualController
  readonly #band: Band
  readonly #host: Host
  readonly #response: HostCharacteristic
  #connection: BandConnection | undefined
  readonly #timer: NodeJS.Timeout
  #advertised = ''

  private constructor(controller: VirtualController, band: Band, host: Host, response: HostCharacteristic) {
    this.controller = controller
    this.#band = band
    this.#host = host
    this.#response = response
    this.#timer = setInterval(() => void this.refresh(), REFRESH_MS)
  }

  static async start(air: VirtualAir, band: Band): Promise<BandPeripheral> {
    const { address } = await band.advertisement()
    const controller = new VirtualController(air, toHex(address))
    const { BleManager } = createRequire(import.meta.url)('ble-host') as HostModule
    const host = await new Promise<Host>((resolve, reject) =>
      BleManager.create(controller, {}, (error, made) => (error ? reject(error) : resolve(made))),
    )
    const response: HostCharacteristic = { uuid: RESPONSE_UUID, properties: ['notify'] }
    const peripheral = new BandPeripheral(controller, band, host, response)
    peripheral.#serve()
    await peripheral.refresh()
    peripheral.#advertise()
    return peripheral
  }

  stop(): void {
    clearInterval(this.#timer)
    this.controller.detach()
  }

  /** The advert and the address follow the band's. */
  async refresh(): Promise<void> {
    const { address, manufacturerData } = await this.#band.advertisement()
    const text = toHex(manufacturerData)
    this.controller.address = toHex(address)
    if (text === this.#advertised) return
    this.#advertised = text
    this.#host.setAdvertisingData(Buffer.from(concat(Uint8Array.of(2, 1, 6, manufacturerData.length + 1, 0xff), manufacturerData)))
    this.#host.setScanResponseData(Buffer.from(concat(Uint8Array.of(17, 7), uuidBytes(SERVICE_UUID))))
  }

  #serve(): void {
    this.#response['onSubscriptionChange'] = (connection: HostConnection, notification: boolean) => {
      // The band's own server is told what was agreed below it.
      this.#connection?.receive(concat(Uint8Array.of(ATT.exchangeMtuRequest), u16(connection.gatt.currentMtu)))
      this.#connection?.receive(concat(Uint8Array.of(ATT.writeRequest), u16(SUBSCRIPTION_HANDLE), u16(notification ? 1 : 0)))
    }
    const session = { uuid: SESSION_UUID, properties: ['read'], value: Buffer.alloc(0) }
    const request = {
      uuid: REQUEST_UUID,
      properties: ['write-without-response'],
      onWrite: (_connection: HostConnection, _needsResponse: boolean, value: Buffer) => {
        this.#connection?.receive(concat(Uint8Array.of(ATT.writeCommand), u16(REQUEST_HANDLE), value))
      },
    }
    this.#host.gattDb.addServices([{ uuid: SERVICE_UUID, characteristics: [this.#response, session, request] }])
  }

  #advertise(): void {
    this.#host.startAdvertising({}, (status, host) => {
      if (status !== 0) throw new Error(`the stack cannot advertise (${status})`)
      const connected = this.#band.connect({
        send: (pdu) => {
          // The stack below answers for itself; what the band has to say is in its notifications.
          if (pdu[0] === ATT.notification) this.#response.notify?.(host, Buffer.from(pdu.subarray(NOTIFICATION_HEADER_BYTES)))
        },
        disconnect: () => host.disconnect(),
      })
      this.#connection = connected.ok ? connected.value : undefined
      if (!connected.ok) host.disconnect()
      host.on('disconnect', () => {
        this.#connection?.closed()
        this.#connection = undefined
        this.#advertise()
      })
    })
  }
}
