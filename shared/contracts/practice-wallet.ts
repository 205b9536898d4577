/**
 * How a page becomes the phone of a band of the practice world: a WebSocket on this machine. Its binary messages are the frames of the link
 * between band and phone (phone-link.ts); its texts, declared here, say who the page is and move the band about as a hand would. It exists
 * in practice only.
 */
import * as z from 'zod'
import { base64url } from './backend-api.ts'

export const PRACTICE_WALLET_PATH = '/your-band'
/** Longest text either side takes. */
export const PRACTICE_WALLET_TEXT_MAX_BYTES = 1_024
/** A page that has connected says who it is within this time. */
export const HELLO_WAIT_MS = 3_000
/** Why the world ends the connection, as WebSocket close codes of the range that is ours to use (RFC 6455 §7.4.2). */
export const PRACTICE_CLOSE = { 'not-known': 4001, 'not-understood': 4002, replaced: 4003 } as const

/** 16 random bytes: good once, from the link the practice world prints; or for good, from the answer to it. */
const word = base64url(22)

export const toYourBand = z.discriminatedUnion('say', [
  z.strictObject({ say: z.literal('hello'), token: word }),
  z.strictObject({ say: z.literal('hello-again'), session: word }),
  /** The page listens now: from here on frames go both ways. */
  z.strictObject({ say: z.literal('begin') }),
  /** A one-time code with which the page's phone joins the account the band is for. */
  z.strictObject({ say: z.literal('invite') }),
  z.strictObject({
    say: z.literal('move'),
    worn: z.boolean().optional(),
    /** Metres from the counter. */
    distance: z.number().min(0.05).max(1_000).optional(),
    batteryPercent: z.int().min(0).max(100).optional(),
  }),
  z.strictObject({ say: z.literal('knock'), count: z.int().min(1).max(15) }),
])
export type ToYourBand = z.input<typeof toYourBand>

export const fromYourBand = z.discriminatedUnion('say', [
  /** `session`: what the page says the next time. */
  z.strictObject({ say: z.literal('welcome'), session: word, frameBytes: z.int() }),
  z.strictObject({ say: z.literal('invitation'), code: z.string().max(64) }),
  z.strictObject({ say: z.literal('no-invitation') }),
])
export type FromYourBand = z.input<typeof fromYourBand>

/** What stands behind the `#` of the link: no server sees it. */
const LINK = /^practice=(?<port>[1-9]\d{0,4})\.(?<token>[\w-]{22})$/

/** The one-time link's fragment, without the `#`. */
export function practiceLink(port: number, token: string): string {
  return `practice=${port}.${token}`
}

/** Where the band is and the word that opens it, or undefined when the fragment is none of ours. */
export function readPracticeLink(fragment: string): { readonly port: number; readonly token: string } | undefined {
  const { port, token } = LINK.exec(fragment)?.groups ?? {}
  const number = Number(port)
  return token !== undefined && number <= 65_535 ? { port: number, token } : undefined
}
