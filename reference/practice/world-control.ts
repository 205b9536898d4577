/** What the world process and whoever started it say to each other over process messages. Everything received is parsed here. */
import * as z from 'zod'
import { bandLife, CUSTOMER_EVENTS, practiceCommand } from '#shared/contracts/practice-desk.ts'
import { CUSTOMER_IDS } from './customers.ts'

const customer = z.enum(CUSTOMER_IDS)
/** Whatever the sender wants to find its answer by. */
const replyTo = z.int().min(0).optional()
const [set, unlockPhone, knock, freeze, steal, tryPairing, resetBand, release, pair, backToNormal, fault, printer] = practiceCommand.options

/** What the practice desk takes as well, of customers known by name. */
export const toWorld = z.discriminatedUnion('type', [
  set.extend({ replyTo, customer }),
  unlockPhone.extend({ replyTo, customer }),
  knock.extend({ replyTo, customer }),
  freeze.extend({ replyTo, customer }),
  steal.extend({ replyTo, customer }),
  tryPairing.extend({ replyTo, customer }),
  resetBand.extend({ replyTo, customer }),
  release.extend({ replyTo, customer }),
  pair.extend({ replyTo, customer }),
  backToNormal.extend({ replyTo, customer }),
  fault.extend({ replyTo, customer }),
  printer.extend({ replyTo }),
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
  life: bandLife,
  offers: z.int(),
  /** Lower-case hex of the address the band is heard from now; empty while it is bound to nobody and says nothing. */
  address: z.string(),
})
export type CustomerView = z.output<typeof customerView>

const worldEvent = z.strictObject({
  type: z.literal('event'),
  customer,
  event: z.enum(CUSTOMER_EVENTS),
  requestId: z.string().optional(),
  /** Reason of a refusal, hint of a decline, error of an ended session, or receipt number. */
  detail: z.string().optional(),
  atMs: z.number(),
})
export type WorldEvent = z.output<typeof worldEvent>

export const fromWorld = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('ready'),
    enrolmentCode: z.string(),
    terminalId: z.string(),
    /** Where a page becomes the phone of the spare band, and the one-time word for it. */
    wallet: z.strictObject({ port: z.int(), token: z.string() }).optional(),
  }),
  z.strictObject({ type: z.literal('done'), replyTo }),
  z.strictObject({ type: z.literal('refused'), replyTo, message: z.string() }),
  z.strictObject({ type: z.literal('customers'), replyTo, customers: z.array(customerView) }),
  z.strictObject({ type: z.literal('failed'), message: z.string() }),
  worldEvent,
])
export type FromWorld = z.output<typeof fromWorld>
