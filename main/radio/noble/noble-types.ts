/** What both forks of noble have in common and we use: less than their own typings, which differ. */
import type { EventEmitter } from 'node:events'

type Done = (error?: Error | null) => void

export interface NobleCharacteristic extends EventEmitter {
  readonly uuid: string
  readonly properties: readonly string[]
  write(value: Buffer, withoutResponse: boolean, done: Done): void
  subscribe(done: Done): void
}

export interface NobleService {
  readonly uuid: string
  discoverCharacteristics(uuids: readonly string[], done: (error: Error | null | undefined, found?: NobleCharacteristic[]) => void): void
}

export interface NoblePeripheral extends EventEmitter {
  readonly id: string
  readonly rssi: number
  readonly mtu: number | null
  readonly state: string
  readonly advertisement: { readonly manufacturerData?: Buffer }
  connect(done: Done): void
  cancelConnect(): void
  disconnect(): void
  discoverServices(uuids: readonly string[], done: (error: Error | null | undefined, found?: NobleService[]) => void): void
}

export interface Noble extends EventEmitter {
  /** Reading it starts the library. */
  readonly state: string
  startScanning(uuids: readonly string[], allowDuplicates: boolean, done: Done): void
  stopScanning(): void
  stop?(): void
}
