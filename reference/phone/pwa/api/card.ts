/** The owner's identity card: what stands on it, and where it was shown. */
import type * as z from 'zod'
import { ASSERTION_PATHS, listAssertions } from '#shared/contracts/assertions-api.ts'
import { done } from '#shared/contracts/backend-api.ts'
import { getIdentityCard, IDENTITY_PATHS, listCardMerchants } from '#shared/contracts/identity-api.ts'
import { ok } from '#shared/result.ts'
import { asOwner } from '../session-store.ts'
import { type Answer, call, pathWith } from './client.ts'

export type IdentityCard = z.output<typeof getIdentityCard.reply>
export type MemberNumber = IdentityCard['memberNumbers'][number]
export type CardMerchant = z.output<typeof listCardMerchants.reply>['merchants'][number]
export type Assertion = z.output<typeof listAssertions.reply>['assertions'][number]

export async function readCard(): Answer<IdentityCard> {
  return asOwner(async () => call('GET', IDENTITY_PATHS.card, getIdentityCard.reply))
}
export async function setCardName(name: string): Answer<unknown> {
  return asOwner(async () => call('PUT', IDENTITY_PATHS.ownName, done, { name }))
}
export async function removeCardName(): Answer<unknown> {
  return asOwner(async () => call('DELETE', IDENTITY_PATHS.ownName, done))
}

/** Where a member number can be set. */
export async function readCardMerchants(): Answer<readonly CardMerchant[]> {
  const answer = await asOwner(async () => call('GET', IDENTITY_PATHS.merchants, listCardMerchants.reply))
  return answer.ok ? ok(answer.value.merchants) : answer
}
export async function setMemberNumber(merchantId: string, number: string): Answer<unknown> {
  return asOwner(async () => call('PUT', pathWith(IDENTITY_PATHS.ownMemberNumber, merchantId), done, { number }))
}
export async function removeMemberNumber(merchantId: string): Answer<unknown> {
  return asOwner(async () => call('DELETE', pathWith(IDENTITY_PATHS.ownMemberNumber, merchantId), done))
}

export async function readAssertions(): Answer<readonly Assertion[]> {
  const answer = await asOwner(async () => call('GET', ASSERTION_PATHS.assertions, listAssertions.reply))
  return answer.ok ? ok(answer.value.assertions) : answer
}
