/** A Bluetooth library as the radio process needs it, whichever one is loaded. Any promise here may stay open for ever: callers have timers. */
import type { Unsubscribe } from '#shared/contracts/till.ts'
import type { DriverWhy, RadioDriver } from '#shared/contracts/troubles.ts'

/** What a machine's Bluetooth can be, in noble's words. */
export type AdapterState = 'poweredOn' | 'poweredOff' | 'unauthorized' | 'unsupported' | 'resetting' | 'unknown'

export type HeardAdvert = { readonly address: string; readonly rssi: number; readonly manufacturerData: Uint8Array }

export interface DriverLink {
  /** Agrees on an MTU, discovers, subscribes. Gives the MTU as the band reported it, or null when it is not known. */
  prepare(): Promise<number | null>
  /** Write command: resolves when the library has taken it, which is not delivery. */
  write(value: Uint8Array): Promise<void>
  onNotification(listener: (value: Uint8Array) => void): void
  /** The connection has ended, whoever ended it; or the other side broke the rules and must be let go (`malformed`). */
  onEnd(listener: (why: 'link-lost' | 'malformed') => void): void
  /** ATT requests made on this link. */
  attRequests(): number
  /** Packets that wait for the controller to send them, where the driver can see it: 0 when it cannot. */
  unsent(): number
  /** Never throws. `onEnd` follows when it has worked. */
  disconnect(): void
}

export interface BluetoothDriver {
  readonly name: RadioDriver
  readonly why: DriverWhy
  start(): void
  onAdapter(listener: (state: AdapterState) => void): Unsubscribe
  /** Adverts of bands, or of anyone: the caller filters. */
  onAdvert(listener: (advert: HeardAdvert) => void): Unsubscribe
  /** Something inside the library threw where nobody could catch it. It cannot be trusted any more. */
  onBroken(listener: (detail: string) => void): Unsubscribe
  startScan(): void
  stopScan(): void
  /** True when this band has been heard since the start: only then can it be connected to. */
  knows(address: string): boolean
  /** A band that is known. Rejects when the library refuses. */
  connect(address: string): Promise<DriverLink>
  /** Gives up a connection that has not come about. Never throws. */
  cancelConnect(address: string): void
  /** Addresses the library remembers, for the caller who recycles it. */
  addressesKept(): number
  /** Adverts of any kind since the start, as far as the driver sees them. */
  advertsHeard(): number
  stop(): void
}
