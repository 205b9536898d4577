/** What the world process and whoever started it say to each other over process messages. Everything received is parsed here. */
import * as z from 'zod'
import { CUSTOMER_IDS } from './customers.ts'

const customer = z.enum(CUSTOMER_IDS)
const DELAY_MAX_MS = 120_000
/** Whatever the sender wants to find its answer by. */
const replyTo = z.int().min(0).optional()

/**
 * Faults in the air, each for the next `count` times it can happen to this customer's band. `lose-answer` loses what the band sends after
 * a request has reached it; `cut-on-request` ends the link as the request's last segment arrives; the others touch any notification.
 */
export const FAULT_KINDS = ['lose-answer', 'cut-on-request', 'cut-on-answer', 'lose', 'duplicate', 'garble', 'delay'] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

export const toWorld = z.discriminatedUnion('type', [
  /** Changes what is given and nothing else. */
  z.strictObject({
    type: z.literal('set'),
    replyTo,
    customer,
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
    /** Fen. */
    confirmAbove: z.int().min(0).optional(),
    confirms: z.enum(['yes', 'no', 'never']).optional(),
    batteryPercent: z.int().min(0).max(100).optional(),
  }),
  /** The owner unlocks the phone once: a worn band in reach is armed again. */
  z.strictObject({ type: z.literal('unlock-phone'), replyTo, customer }),
  z.strictObject({ type: z.literal('knock'), replyTo, customer, count: z.int().min(1).max(15) }),
  z.strictObject({ type: z.literal('freeze'), replyTo, customer, frozen: z.boolean().default(true) }),
  z.strictObject({
    type: z.literal('fault'),
    replyTo,
    customer,
    fault: z.enum(FAULT_KINDS),
    count: z.int().min(0).max(1_000).default(1),
    delayMs: z.int().min(0).max(DELAY_MAX_MS).default(0),
  }),
  z.strictObject({ type: z.literal('list'), replyTo }),
])
export type ToWorld = z.input<typeof toWorld>
export type WorldCommand = z.output<typeof toWorld>

const customerView = z.strictObject({
  id: customer,
  displayName: z.string(),
  distance: z.number(),
  worn: z.boolean(),
  armed: z.boolean(),
  phoneReach: z.boolean(),
  network: z.boolean(),
  phoneDelayMs: z.int(),
  frozen: z.boolean(),
  offers: z.int(),
  /** Lower-case hex of the address the band is heard from now. */
  address: z.string(),
})
export type CustomerView = z.output<typeof customerView>

const worldEvent = z.strictObject({
  type: z.literal('event'),
  customer,
  event: z.enum(['vibrated', 'disarmed', 'session-ended', 'approved', 'refused', 'declined', 'e-receipt', 'asked-to-confirm']),
  requestId: z.string().optional(),
  /** Reason of a refusal, hint of a decline, error of an ended session, or receipt number. */
  detail: z.string().optional(),
  atMs: z.number(),
})
export type WorldEvent = z.output<typeof worldEvent>

export const fromWorld = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready'), enrolmentCode: z.string(), terminalId: z.string() }),
  z.strictObject({ type: z.literal('done'), replyTo }),
  z.strictObject({ type: z.literal('refused'), replyTo, message: z.string() }),
  z.strictObject({ type: z.literal('customers'), replyTo, customers: z.array(customerView) }),
  z.strictObject({ type: z.literal('failed'), message: z.string() }),
  worldEvent,
])
export type FromWorld = z.output<typeof fromWorld>
