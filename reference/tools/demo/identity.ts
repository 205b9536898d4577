/** The demo's scene of the identity card: a till asks who stands there, one customer tells, another one does not. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CustomerId } from '#reference/practice/customers.ts'
import { assert } from '#shared/assert.ts'
import { CLAIMS, type Claim } from '#shared/domain/claims.ts'
import { IDENTIFY_REASONS, type IdentifyReason } from '#shared/domain/identify-reasons.ts'
import { expectDone } from '../counter/script-cashier.ts'
import { bringBand, type Counter } from './scenes.ts'

/** How many were asked, how many told something, and why the others did not. */
export type Identity = { readonly asked: number; readonly given: number; readonly refused: readonly IdentifyReason[] }

export async function askWho(counter: Counter, teller: CustomerId, silent: CustomerId): Promise<Identity> {
  const { stack, tell } = counter
  const terminalFile = join(stack.folderOf('terminal'), 'terminal.sqlite')
  const both = await ask(counter, teller, CLAIMS)
  assert(both.state === 'told', `${teller} tells the till who they are`)
  const [name, number] = [both.given.name?.value, both.given['member-number']?.value]
  assert(name !== undefined && number !== undefined, 'both were agreed to')
  tell(`The till asks who this is. The phone shows its owner who asks and what for; the owner agrees: ${name}, member ${number}.`)

  const one = await ask(counter, teller, ['member-number'])
  assert(one.state === 'told' && one.given.name === undefined, 'nothing is told that nobody asked for')
  tell(`Asked for the member number alone, the till gets ${one.given['member-number']?.value ?? 'nothing'} and no name.`)

  await stack.tellWorld({ type: 'set', customer: silent, confirms: 'no' })
  const no = await ask(counter, silent, CLAIMS)
  assert(no.state === 'untold', `${silent} tells nothing`)
  await stack.tellWorld({ type: 'set', customer: silent, confirms: 'yes' })
  tell(`Another customer would rather not. The cashier says: “${IDENTIFY_REASONS[no.reason].say.en}” Nothing else happens.`)

  for (const file of [terminalFile, `${terminalFile}-wal`].filter((each) => existsSync(each))) {
    assert(!readFileSync(file).includes(number), 'what a customer tells stays off the disk')
  }
  tell('What was told was on the screen, and is in none of the terminal’s files.')
  return { asked: 3, given: 2, refused: [no.reason] }
}

async function ask(counter: Counter, customer: CustomerId, claims: readonly Claim[]) {
  const { cashier } = counter
  const { bandId } = await bringBand(counter, customer)
  expectDone('asking who this is', await cashier.till.identify.mutate({ sightingId: bandId, claims: [...claims] }))
  const { identify } = await cashier.until('an answer', ({ identify: now }) => now !== undefined && now.state !== 'asking')
  assert(identify && identify.state !== 'asking', 'there is an answer')
  expectDone('putting the answer away', await cashier.till.endIdentify.mutate())
  return identify
}
