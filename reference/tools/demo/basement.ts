/**
 * The demo's scenes without a network: a customer pays in a basement out of money set aside, and a copied band tries to spend the same money
 * again. What became of both is read from the backend's own books afterwards.
 */
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { CustomerId } from '#reference/practice/customers.ts'
import { assert } from '#shared/assert.ts'
import { toDecimalText } from '#shared/domain/money.ts'
import type { Stack } from '../counter/stack.ts'
import { addSnack, type Counter, type Sold, sellByBand } from './scenes.ts'

const SET_ASIDE_TIMEOUT_MS = 15_000
const SYNC_TIMEOUT_MS = 30_000
const POLL_MS = 100

/** What was paid without a network, minor units, and what of it the backend has settled. */
export type Offline = { readonly spent: number; readonly settled: number; readonly doubleSpendCaught: boolean }
export type Basement = { readonly sold: readonly Sold[] }

/** A snack in the basement, and the same money once more from a copy of the same band and phone. */
export async function payInTheBasement(counter: Counter, customer: CustomerId): Promise<Basement> {
  const { stack, tell } = counter
  await untilSetAside(stack, customer)
  const image = takeImage(stack, customer)
  await addSnack(counter, 'drink', 1)
  await stack.tellWorld({ type: 'set', customer, network: false })
  tell('The phone finds no network down here. Its band gives this payment one slot of the money that was set aside this morning.')
  const first = await sellByBand(counter, customer)
  await allSent(counter)

  tell('Somebody has made a copy of band and phone, bit by bit, before that: no band or phone allows it, but suppose one did.')
  await stack.world.part.stop()
  image.restore()
  await stack.startWorld()
  await stack.untilReachable([customer])
  await stack.tellWorld({ type: 'set', customer, network: false })
  await addSnack(counter, 'drink', 1)
  const second = await sellByBand(counter, customer)
  await allSent(counter)
  const [one, two] = [first, second].map(({ receipt }) => toDecimalText(receipt.total))
  tell(
    `The till cannot know that this slot was spent before: it gives the goods. The backend sees the same slot stand behind two requests. Both receipts are paid, ${one} from the wallet and ${two} by the issuer, and the wallet is frozen.`,
  )
  return { sold: [first, second] }
}

/** Read from the backend's file at rest: each authorization that a slot stands behind, and whether a fork was found and stopped. */
export function offlineOf(backendFile: string, sold: readonly Sold[]): Offline {
  const ids = sold.flatMap(({ receipt }) => receipt.payments.flatMap((each) => (each.tender === 'band' ? [each.authorizationId] : [])))
  const database = new Database(backendFile, { readonly: true, fileMustExist: true })
  try {
    const state = database.prepare("SELECT amount_minor FROM audit_authorizations WHERE id = ? AND state = 'captured'")
    const settled = ids.reduce((sum, id) => sum + ((state.get(id) as { amount_minor: number } | undefined)?.amount_minor ?? 0), 0)
    const forks = database.prepare("SELECT COUNT(*) AS n FROM alarms WHERE kind = 'allowance-fork'").get() as { n: number }
    const frozen = database.prepare("SELECT COUNT(*) AS n FROM accounts WHERE frozen_by = 'backend'").get() as { n: number }
    const spent = sold.reduce((sum, { receipt }) => sum + receipt.total.amount, 0)
    return { spent, settled, doubleSpendCaught: forks.n === 1 && frozen.n === 1 }
  } finally {
    database.close()
  }
}

async function untilSetAside(stack: Stack, customer: CustomerId): Promise<void> {
  const file = join(stack.folderOf('world'), `phone-${customer}.allowance.json`)
  const deadlineMs = performance.now() + SET_ASIDE_TIMEOUT_MS
  while (!existsSync(file)) {
    assert(performance.now() < deadlineMs, `no money was set aside for ${customer}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** Everything band and phone of a customer have on their disks, as it is now. */
function takeImage(stack: Stack, customer: CustomerId): { restore(): void } {
  const folder = stack.folderOf('world')
  const image = join(folder, 'image')
  mkdirSync(image, { recursive: true })
  const files = readdirSync(folder).filter((name) => name.startsWith(`band-${customer}.`) || name.startsWith(`phone-${customer}.`))
  for (const name of files) cpSync(join(folder, name), join(image, name))
  return {
    restore: () => {
      for (const name of files) cpSync(join(image, name), join(folder, name))
    },
  }
}

/** Waits until nothing is left in the outbox. */
export async function allSent({ cashier }: Pick<Counter, 'cashier'>): Promise<void> {
  await cashier.until('everything sent', ({ status }) => status.outbox.pending === 0, SYNC_TIMEOUT_MS)
}
