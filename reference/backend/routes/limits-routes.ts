/** What an account may pay: read and lowered by its phone, raised only by its owner. */
import { getWalletLimits, putWalletLimits, WALLET_LIMITS_PATHS } from '#shared/contracts/wallet-limits-api.ts'
import type { OwnerAccess } from '../services/owner-access.ts'
import type { Limits } from '../services/wallet-limits.ts'
import { type App, accepted, ownerOf, phoneOf, REFUSALS } from './call.ts'

const config = { caller: 'phone' } as const
const tags = ['wallet']

export function limitsRoutes(app: App, { limits, owner }: { readonly limits: Limits; readonly owner: OwnerAccess }): void {
  const read = {
    summary: 'What this account may pay, and what it has spent towards it today',
    tags,
    querystring: getWalletLimits.query,
    response: { 200: getWalletLimits.reply, ...REFUSALS },
  }
  app.get(WALLET_LIMITS_PATHS.limits, { config, schema: read }, async (request) =>
    accepted(await limits.view(phoneOf(request).accountId, request.query.merchantId)),
  )
  const lower = {
    summary: 'Lower what this account may pay, from the next payment on',
    tags,
    body: putWalletLimits.body,
    response: { 200: putWalletLimits.reply, ...REFUSALS },
  }
  app.put(WALLET_LIMITS_PATHS.limits, { config, schema: lower }, async (request) => {
    const { id: phoneId, accountId } = phoneOf(request)
    return accepted(await limits.change(accountId, request.body, { kind: 'phone', phoneId }))
  })
  ownerLimitsRoutes(app, limits, owner)
}

function ownerLimitsRoutes(app: App, limits: Limits, { sessions }: OwnerAccess): void {
  const read = {
    summary: 'What the account of whoever is signed in may pay, and what it has spent towards it today',
    tags,
    querystring: getWalletLimits.query,
    response: { 200: getWalletLimits.reply, ...REFUSALS },
  }
  app.get(WALLET_LIMITS_PATHS.ownLimits, { config: { caller: 'owner' }, schema: read }, async (request) =>
    accepted(await limits.view(ownerOf(request).accountId, request.query.merchantId)),
  )
  const change = {
    summary: 'Lower or raise what this account may pay, from the next payment on',
    tags,
    body: putWalletLimits.body,
    response: { 200: putWalletLimits.reply, ...REFUSALS },
  }
  app.put(WALLET_LIMITS_PATHS.ownLimits, { config: { caller: 'owner' }, schema: change }, async (request) => {
    const session = ownerOf(request)
    return accepted(await limits.change(session.accountId, request.body, { kind: 'owner', isFresh: sessions.isFresh(session) }))
  })
}
