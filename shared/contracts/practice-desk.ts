/**
 * The practice desk: what the terminal's practice drawer asks of the practice world, and what it shows. It exists in practice only.
 * Messages travel as lines of JSON over a local socket of the world; both sides parse what they receive.
 */
import * as z from 'zod'
import { NOTICE_KINDS } from './notices.ts'
import { PRACTICE_TROUBLES } from './troubles.ts'

const DELAY_MAX_MS = 120_000
export const PRACTICE_LINE_MAX_BYTES = 1024 * 1024

/** Customers are known by short names such as `rich`; which ones there are is the world's to say. */
const customerId = z.string().regex(/^[a-z][a-z0-9-]{0,23}$/)

/**
 * Faults in the air, each for the next `count` times it can happen to this customer's band. `lose-answer` loses what the band sends after
 * a request has reached it; `cut-on-request` ends the link as the request's last segment arrives; the others touch any notification.
 */
export const FAULT_KINDS = ['lose-answer', 'cut-on-request', 'cut-on-answer', 'lose', 'duplicate', 'garble', 'delay'] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

/** What can happen to a customer: their band moves, or their phone answers. */
export const CUSTOMER_EVENTS = [
  'vibrated',
  'disarmed',
  'session-ended',
  'approved',
  'refused',
  'declined',
  'e-receipt',
  'asked-to-confirm',
  'asked-who',
  'identity-given',
  'identity-refused',
  'identity-declined',
  'bound',
  'released',
  'pairing-refused',
  'pairing-failed',
] as const

/** What can be done to the practice world. Changes what is given and nothing else. */
export const practiceCommand = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('set'),
    customer: customerId,
    worn: z.boolean().optional(),
    /** Whether the owner also unlocks the phone when the band goes on or the phone comes back; a thief cannot. */
    unlocks: z.boolean().default(true),
    /** Metres. */
    distance: z.number().min(0.05).max(1_000).optional(),
    phoneReach: z.boolean().optional(),
    /** Round trip between band and phone. */
    phoneDelayMs: z.int().min(0).max(DELAY_MAX_MS).optional(),
    /** The phone's own network. */
    network: z.boolean().optional(),
    /** Round trip between phone and backend, added to what it really takes. */
    networkDelayMs: z.int().min(0).max(DELAY_MAX_MS).optional(),
    /** Minor units. */
    confirmAbove: z.int().min(0).optional(),
    confirms: z.enum(['yes', 'no', 'never']).optional(),
    batteryPercent: z.int().min(0).max(100).optional(),
  }),
  /** The owner unlocks the phone once: a worn band in reach is armed again. */
  z.strictObject({ type: z.literal('unlock-phone'), customer: customerId }),
  z.strictObject({ type: z.literal('knock'), customer: customerId, count: z.int().min(1).max(15) }),
  /** Its owner stops the account's payments from another device, or lets them go on. */
  z.strictObject({ type: z.literal('freeze'), customer: customerId, frozen: z.boolean().default(true) }),
  /** A thief takes the band and soon wears it; the phone stays with its owner, out of reach, or goes along. */
  z.strictObject({ type: z.literal('steal'), customer: customerId, withPhone: z.boolean().default(false) }),
  /** Whoever has the band tries to bind it to a phone of their own. */
  z.strictObject({ type: z.literal('try-pairing'), customer: customerId }),
  /** The band's button held for ten seconds, or its battery changed. */
  z.strictObject({ type: z.literal('reset-band'), customer: customerId }),
  /** The owner lets the band go; their phone tells the band as soon as it is in reach. */
  z.strictObject({ type: z.literal('release'), customer: customerId }),
  /** Band and phone are bound anew: a count is shown, and waits for its knocks. */
  z.strictObject({ type: z.literal('pair'), customer: customerId }),
  /** As in the morning: the band paired and on the owner's wrist, the phone at hand and unlocked, no freeze, no faults. */
  z.strictObject({ type: z.literal('back-to-normal'), customer: customerId }),
  z.strictObject({
    type: z.literal('fault'),
    customer: customerId,
    fault: z.enum(FAULT_KINDS),
    count: z.int().min(0).max(1_000).default(1),
    delayMs: z.int().min(0).max(DELAY_MAX_MS).default(0),
  }),
  /** The practice printer: out of paper, switched off, or back to normal. */
  z.strictObject({ type: z.literal('printer'), paper: z.boolean().optional(), online: z.boolean().optional() }),
])
export type PracticeCommand = z.input<typeof practiceCommand>

/** Who has the band; with a thief the phone may be, too. */
export const HANDS = ['owner', 'thief', 'thief-with-phone'] as const
export type Hands = (typeof HANDS)[number]

/** Where a band is in its life. */
export const bandLife = z.strictObject({
  lock: z.enum(['factory', 'bound', 'released']),
  /** The owner has let the band go, and nobody has brought it the order yet. */
  releaseWaits: z.boolean(),
  hands: z.enum(HANDS),
  /** How often the owner has to knock now for band and phone to be bound. */
  knocks: z.int().optional(),
  /** How the last try ended to bind the band to a stranger's phone: by the band, and by the backend when it was gone around. */
  tried: z.strictObject({ byBand: z.enum(['refused', 'taken']), byBackend: z.enum(['refused', 'taken', 'not-asked']) }).optional(),
  /** What the owner was told last, newest first. */
  told: z.array(z.strictObject({ kind: z.enum(NOTICE_KINDS), at: z.iso.datetime() })).max(3),
})
export type BandLifeView = z.output<typeof bandLife>

export const customerView = z.strictObject({
  id: customerId,
  displayName: z.string().max(64),
  distance: z.number(),
  worn: z.boolean(),
  armed: z.boolean(),
  phoneReach: z.boolean(),
  network: z.boolean(),
  phoneDelayMs: z.int(),
  frozen: z.boolean(),
  life: bandLife,
  offers: z.int(),
  /** Faults still to come for this customer's band, by kind. */
  faults: z.partialRecord(z.enum(FAULT_KINDS), z.int()),
  /** The last thing that happened to this customer. */
  lastEvent: z.enum(CUSTOMER_EVENTS).optional(),
})
export type CustomerView = z.output<typeof customerView>

/** One paper that came out of the practice printer, drawn from the bytes it was sent. */
export const paperView = z.strictObject({
  id: z.int(),
  at: z.iso.datetime(),
  /** An SVG document. */
  svg: z.string().max(500_000),
  /** What is written on it, line by line, for those who cannot see the drawing. Empty for a paper sent as a picture. */
  text: z.string().max(20_000).optional(),
  cut: z.boolean(),
  drawerOpened: z.boolean(),
})
export type PaperView = z.output<typeof paperView>

export const practiceView = z.strictObject({
  customers: z.array(customerView).max(64),
  printer: z.strictObject({ paper: z.boolean(), online: z.boolean(), papers: z.array(paperView).max(10) }),
})
export type PracticeView = z.output<typeof practiceView>

/** From the terminal to the world. Each message is answered once, with its `id`. */
export const toDesk = z.discriminatedUnion('ask', [
  z.strictObject({ ask: z.literal('view'), id: z.int().min(0) }),
  z.strictObject({ ask: z.literal('do'), id: z.int().min(0), command: practiceCommand }),
])
export type ToDesk = z.input<typeof toDesk>
export const fromDesk = z.discriminatedUnion('answer', [
  z.strictObject({ answer: z.literal('view'), id: z.int(), view: practiceView }),
  z.strictObject({ answer: z.literal('done'), id: z.int() }),
  z.strictObject({ answer: z.literal('refused'), id: z.int(), trouble: z.enum(PRACTICE_TROUBLES) }),
])
export type FromDesk = z.output<typeof fromDesk>
