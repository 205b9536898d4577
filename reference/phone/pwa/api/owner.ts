/** What a signed-in owner asks and does, each as one function. */
import type * as z from 'zod'
import { done } from '#shared/contracts/backend-api.ts'
import { BAND_PATHS, ownBands, releaseBand as releaseCall } from '#shared/contracts/bands-api.ts'
import { IDENTITY_PATHS, listIdentityRequests } from '#shared/contracts/identity-api.ts'
import {
  freezeAccount,
  invitePhone as inviteCall,
  listNotices,
  listPasskeys,
  listPhones,
  newRecoveryCodes,
  OWNER_PATHS,
  readNotices as readCall,
} from '#shared/contracts/owner-api.ts'
import { getReceipt, getStatement, getWallet, listRequests, OWNER_WALLET_PATHS } from '#shared/contracts/wallet-api.ts'
import {
  getWalletLimits,
  putWalletLimits,
  WALLET_LIMITS_PATHS,
  type WalletLimits,
  type WalletLimitsView,
} from '#shared/contracts/wallet-limits-api.ts'
import { ok } from '#shared/result.ts'
import { type Asked, newestFirst } from '../flows/asked.ts'
import { asOwner } from '../session-store.ts'
import { type Answer, call, pathWith } from './client.ts'
import { makePasskey } from './passkeys.ts'

export type Wallet = z.output<typeof getWallet.reply>
export type StatementPage = z.output<typeof getStatement.reply>
export type StatementLine = StatementPage['lines'][number]
export type Statement = Omit<StatementPage, 'more'> & {
  /** There are so many lines that the newest were left out. */
  readonly isCut: boolean
}
export type Receipt = z.output<typeof getReceipt.reply>
export type PaymentRequest = z.output<typeof listRequests.reply>['requests'][number]
export type IdentityRequest = z.output<typeof listIdentityRequests.reply>['requests'][number]
export type Notice = z.output<typeof listNotices.reply>['notices'][number]
export type Band = z.output<typeof ownBands.reply>['bands'][number]
export type Phone = z.output<typeof listPhones.reply>['phones'][number]
export type Passkey = z.output<typeof listPasskeys.reply>['passkeys'][number]
export type PhoneInvitation = z.output<typeof inviteCall.reply>

/** A thousand lines are three payments a day for a year; who wants more chooses fewer days. */
const STATEMENT_PAGES_MAX = 10

export async function readWallet(): Answer<Wallet> {
  return asOwner(async () => call('GET', OWNER_WALLET_PATHS.wallet, getWallet.reply))
}

/** All lines of these days, oldest first, as the pages of the backend put together. */
export async function readStatement(days: { readonly from: string; readonly to: string }): Answer<Statement> {
  const lines: StatementLine[] = []
  for (let page = 1; ; page += 1) {
    const query = new URLSearchParams({ ...days, after: String(lines.at(-1)?.cursor ?? 0) })
    const answer = await asOwner(async () => call('GET', `${OWNER_WALLET_PATHS.statement}?${query.toString()}`, getStatement.reply))
    if (!answer.ok) return answer
    const { more, ...statement } = answer.value
    lines.push(...statement.lines)
    if (!more || page === STATEMENT_PAGES_MAX) return ok({ ...statement, lines, isCut: more })
  }
}

export async function readReceipt(receiptId: string): Answer<Receipt> {
  return asOwner(async () => call('GET', pathWith(OWNER_WALLET_PATHS.receipt, receiptId), getReceipt.reply))
}

/** Everything anybody asked, for money or for who they are, newest first. */
export async function readRequests(): Answer<readonly Asked<PaymentRequest, IdentityRequest>[]> {
  const [payments, identities] = await Promise.all([
    asOwner(async () => call('GET', OWNER_WALLET_PATHS.requests, listRequests.reply)),
    asOwner(async () => call('GET', IDENTITY_PATHS.requests, listIdentityRequests.reply)),
  ])
  if (!payments.ok) return payments
  if (!identities.ok) return identities
  return ok(newestFirst(payments.value.requests, identities.value.requests))
}

export async function readLimits(): Answer<WalletLimitsView> {
  return asOwner(async () => call('GET', WALLET_LIMITS_PATHS.ownLimits, getWalletLimits.reply))
}
export async function setLimits(limits: WalletLimits): Answer<WalletLimitsView> {
  return asOwner(async () => call('PUT', WALLET_LIMITS_PATHS.ownLimits, putWalletLimits.reply, limits))
}

export async function freeze(): Answer<z.output<typeof freezeAccount.reply>> {
  return asOwner(async () => call('PUT', OWNER_PATHS.freeze, freezeAccount.reply))
}
export async function unfreeze(): Answer<unknown> {
  return asOwner(async () => call('DELETE', OWNER_PATHS.freeze, done))
}

export async function readBands(): Answer<readonly Band[]> {
  const answer = await asOwner(async () => call('GET', BAND_PATHS.ownBands, ownBands.reply))
  return answer.ok ? ok(answer.value.bands) : answer
}
export async function releaseBand(bandId: string): Answer<unknown> {
  return asOwner(async () => call('POST', pathWith(BAND_PATHS.ownRelease, bandId), releaseCall.reply))
}

export async function readPhones(): Answer<readonly Phone[]> {
  const answer = await asOwner(async () => call('GET', OWNER_PATHS.phones, listPhones.reply))
  return answer.ok ? ok(answer.value.phones) : answer
}
export async function retirePhone(phoneId: string): Answer<unknown> {
  return asOwner(async () => call('DELETE', pathWith(OWNER_PATHS.phone, phoneId), done))
}
export async function invitePhone(): Answer<PhoneInvitation> {
  return asOwner(async () => call('POST', OWNER_PATHS.phoneInvitations, inviteCall.reply))
}

export async function readPasskeys(): Answer<readonly Passkey[]> {
  const answer = await asOwner(async () => call('GET', OWNER_PATHS.passkeys, listPasskeys.reply))
  return answer.ok ? ok(answer.value.passkeys) : answer
}
export async function addPasskeyHere(label: string): Answer<unknown> {
  return asOwner(async () => makePasskey(label))
}
export async function removePasskey(passkeyId: string): Answer<unknown> {
  return asOwner(async () => call('DELETE', pathWith(OWNER_PATHS.passkey, passkeyId), done))
}
export async function makeRecoveryCodes(): Answer<readonly string[]> {
  const answer = await asOwner(async () => call('POST', OWNER_PATHS.recoveryCodes, newRecoveryCodes.reply))
  return answer.ok ? ok(answer.value.recoveryCodes) : answer
}

export async function readNotices(): Answer<readonly Notice[]> {
  const answer = await asOwner(async () => call('GET', OWNER_PATHS.notices, listNotices.reply))
  return answer.ok ? ok(answer.value.notices) : answer
}
export async function markRead(ids: readonly string[]): Answer<unknown> {
  return asOwner(async () => call('POST', OWNER_PATHS.readNotices, readCall.reply, { ids }))
}
