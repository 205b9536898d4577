/**
 * The band's side of the link to phones: frames in and out, and below them the attribute server that a phone finds at the address the band
 * keeps for phones. Whoever connects is a stranger to the band until they prove otherwise (wristband.ts).
 */
import { u16 } from '#shared/contracts/att.ts'
import { type FrameError, segmentBytes } from '#shared/contracts/frames.ts'
import { NO_EXCHANGE, offersWanted } from '#shared/contracts/link-messages.ts'
import { LINK_FRAME_BYTES_MAX, LINK_FRAME_BYTES_MIN, RelayChannel } from '#shared/contracts/phone-link.ts'
import type { BandConnection } from './band.ts'
import { GattServer, SERVER_MTU } from './gatt-server.ts'
import { PHONE_ATTRIBUTES } from './gatt-table.ts'
import type { Clock, PhoneLink, RadioLink } from './ports.ts'
import type { PhoneConnection } from './wristband.ts'

export type PhoneChannelParts = {
  readonly clock: Clock
  readonly frameBytes: number
  readonly connectPhone: (side: PhoneLink) => PhoneConnection
  readonly write: (frame: Uint8Array<ArrayBuffer>) => void
  /** What came was no frame of ours: the connection is to be ended. */
  readonly onBroken: (error: FrameError) => void
}

/** A phone's connection as frames. It begins when it is made. */
export function openPhoneChannel(parts: PhoneChannelParts): { receive(frame: Uint8Array): void; closed(): void } {
  const { clock, frameBytes, write, onBroken } = parts
  let isOpen = true
  const channel = new RelayChannel({
    frameBytes,
    monotonicMs: () => clock.monotonicMs(),
    write: (frame) => {
      if (isOpen) write(frame)
    },
  })
  const connection = parts.connectPhone({
    send: (relay) => channel.send(relay),
    offersWanted: (slot) => channel.send({ offerId: NO_EXCHANGE, message: { kind: 'offers-wanted', body: offersWanted.encode({ slot }) } }),
  })
  const closed = () => {
    if (!isOpen) return
    isOpen = false
    connection.closed()
  }
  return {
    closed,
    receive: (frame) => {
      if (!isOpen) return
      const received = channel.receive(frame)
      if (received.ok && received.value) connection.receive(received.value)
      if (received.ok) return
      closed()
      onBroken(received.error)
    },
  }
}

type ServedPhone = {
  readonly clock: Clock
  readonly link: RadioLink
  readonly connectPhone: PhoneChannelParts['connectPhone']
  readonly serverMtu?: number
}

/** Serves one connection to the address for phones. The phone counts as there while it has notifications on. */
export function servePhone({ clock, link, connectPhone, serverMtu = SERVER_MTU }: ServedPhone): BandConnection {
  const frameBytes = () => Math.min(LINK_FRAME_BYTES_MAX, segmentBytes(gatt.mtu, gatt.mtu))
  const gatt: GattServer = new GattServer(serverMtu, () => u16(frameBytes()), PHONE_ATTRIBUTES)
  let channel: ReturnType<typeof openPhoneChannel> | undefined
  const leave = () => {
    channel?.closed()
    channel = undefined
  }
  const arrive = () => {
    leave()
    // The longest message would not fit through: better no link than one that breaks in the middle of a payment.
    if (frameBytes() < LINK_FRAME_BYTES_MIN) return link.disconnect()
    channel = openPhoneChannel({
      clock,
      connectPhone,
      frameBytes: frameBytes(),
      write: (frame) => link.send(gatt.notification(frame)),
      onBroken: () => link.disconnect(),
    })
  }
  return {
    receive: (pdu) => {
      const { answer, event } = gatt.receive(pdu)
      if (answer) link.send(answer)
      if (event?.type === 'subscribed') arrive()
      if (event?.type === 'unsubscribed') leave()
      if (event?.type === 'written') channel?.receive(event.bytes)
    },
    closed: leave,
  }
}
