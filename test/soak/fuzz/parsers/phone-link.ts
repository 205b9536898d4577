/** What a stranger may send to a band at the address it keeps for phones: frames, and ATT below them. */
import { servePhone } from '#reference/band/phone-link.ts'
import { ATT, u16 } from '#shared/contracts/att.ts'
import { concat } from '#shared/contracts/bytes.ts'
import { linkProof, NO_EXCHANGE } from '#shared/contracts/link-messages.ts'
import { RelayChannel } from '#shared/contracts/phone-link.ts'
import { practiceLink, readPracticeLink } from '#shared/contracts/practice-wallet.ts'
import { errorMessage } from '#shared/contracts/radio-messages.ts'
import { WarpClock } from '#test/support/warp-clock.ts'
import { byteFaults } from '../byte-faults.ts'
import type { Parser } from '../parser.ts'
import { inPieces } from '../pieces.ts'

const FRAME_BYTES = 182
const SUBSCRIPTION_HANDLE = 10
const WRITE_HANDLE = 14

export function phoneLinkParsers(): readonly Parser[] {
  return [phoneLink(), practiceLinks()]
}

function framesOf(bodies: readonly Uint8Array<ArrayBuffer>[]): readonly Uint8Array[] {
  const frames: Uint8Array[] = []
  const channel = new RelayChannel({ monotonicMs: () => 0, frameBytes: FRAME_BYTES, write: (frame) => frames.push(frame) })
  for (const body of bodies) channel.send({ offerId: NO_EXCHANGE, message: { kind: 'link-proof', body } })
  return frames
}

/** What stands behind the `#` of the practice world's one-time link. One link has one spelling. */
function practiceLinks(): Parser {
  const specimens = [practiceLink(1, 'A'.repeat(22)), practiceLink(65_535, 'a-_9'.repeat(5) + 'zZ')].map((text) =>
    new TextEncoder().encode(text),
  )
  return {
    name: 'link to the spare band',
    specimens,
    make: byteFaults(specimens),
    run: (input) => {
      const text = new TextDecoder().decode(input)
      const link = readPracticeLink(text)
      if (!link) return 'refused'
      return practiceLink(link.port, link.token) === text ? 'accepted' : { fault: 'accepted, and written again it is another link' }
    },
  }
}

/** Each piece is one PDU. Accepted when a message came out of it; what comes out has an exchange and a body. */
function phoneLink(): Parser {
  const subscribing = [
    concat(Uint8Array.of(ATT.exchangeMtuRequest), u16(517)),
    concat(Uint8Array.of(ATT.writeRequest), u16(SUBSCRIPTION_HANDLE), u16(1)),
  ]
  const bodies = [
    linkProof.encode({ mac: new Uint8Array(16) }),
    errorMessage.encode({ code: 1, retryAfterSeconds: 0 }),
    new Uint8Array(4_096).fill(6),
  ]
  const specimens = bodies.map((body) => [
    ...subscribing,
    ...framesOf([body]).map((frame) => concat(Uint8Array.of(ATT.writeCommand), u16(WRITE_HANDLE), frame)),
  ])
  return inPieces('phone to band', specimens, (pdus) => {
    let fault: string | undefined
    let whole = 0
    const connection = servePhone({
      clock: new WarpClock(),
      link: { send: () => undefined, disconnect: () => connection.closed() },
      connectPhone: () => ({
        closed: () => undefined,
        receive: ({ offerId, message }) => {
          whole += 1
          if (offerId.length !== NO_EXCHANGE.length || message.body.length === 0) fault = 'a message without exchange or body'
        },
      }),
    })
    for (const pdu of pdus) connection.receive(pdu)
    return fault === undefined ? (whole > 0 ? 'accepted' : 'refused') : { fault }
  })
}
