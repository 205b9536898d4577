/** The identity card: what a phone asks for a terminal, and what owner and operator keep on it. */
import * as z from 'zod'
import { done } from '#shared/contracts/backend-api.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import {
  getIdentityCard,
  IDENTITY_PATHS,
  identify,
  listCardMerchants,
  listIdentityRequests,
  putCardName,
  putMemberNumber,
} from '#shared/contracts/identity-api.ts'
import type { Identities } from '../services/identities.ts'
import type { IdentityCards } from '../services/identity-card.ts'
import { type App, accepted, machineId, ownerOf, phoneOf, REFUSALS, slug, urlOf } from './call.ts'

const tags = ['identity']
const response = { 200: done, ...REFUSALS } as const
const DONE = { ok: true } as const
const merchant = z.strictObject({ merchantId: slug })

export function identityRoutes(app: App, { identities, cards }: { readonly identities: Identities; readonly cards: IdentityCards }): void {
  const answer = {
    summary: 'Ask, for a terminal, who the owner of this phone is: the answer is signed',
    tags,
    body: identify.body,
    response: { 200: identify.reply, ...REFUSALS },
  }
  app.post(IDENTITY_PATHS.identify, { config: { caller: 'phone' }, schema: answer }, async (request) => {
    const { kind, signed, hint } = accepted(await identities.identify(phoneOf(request), request.body))
    return { kind, signed: toBase64Url(signed), hint }
  })
  registryRoutes(app, cards)
  ownerRoutes(app, cards)
}

function registryRoutes(app: App, cards: IdentityCards): void {
  const config = { caller: 'operator' } as const
  const params = z.strictObject({ accountId: machineId })
  const name = { summary: 'A name that was looked at', tags: ['registry'], params, body: putCardName.body, response }
  app.put(urlOf(IDENTITY_PATHS.name), { config, schema: name }, async (request) => {
    accepted(await cards.putName(request.params.accountId, request.body.name, 'operator'))
    return DONE
  })
  const number = {
    summary: 'A member number that was looked at',
    tags: ['registry'],
    params: params.extend(merchant.shape),
    body: putMemberNumber.body,
    response,
  }
  app.put(urlOf(IDENTITY_PATHS.memberNumber), { config, schema: number }, async (request) => {
    const { accountId, merchantId } = request.params
    accepted(await cards.putMemberNumber(accountId, merchantId, request.body.number, 'operator'))
    return DONE
  })
}

function ownerRoutes(app: App, cards: IdentityCards): void {
  const config = { caller: 'owner' } as const
  // Whoever holds an open session for a moment must not become somebody else at the next hotel.
  const fresh = { caller: 'owner', fresh: true } as const
  const card = { summary: 'What the owner’s card says', tags, response: { 200: getIdentityCard.reply, ...REFUSALS } }
  app.get(IDENTITY_PATHS.card, { config, schema: card }, async (request) => cards.card(ownerOf(request).accountId))
  const merchants = { summary: 'Where the owner may set a member number', tags, response: { 200: listCardMerchants.reply, ...REFUSALS } }
  app.get(IDENTITY_PATHS.merchants, { config, schema: merchants }, async (request) => cards.merchants(ownerOf(request).accountId))
  const requests = { summary: 'Who asked who the owner is, newest first', tags, response: { 200: listIdentityRequests.reply, ...REFUSALS } }
  app.get(IDENTITY_PATHS.requests, { config, schema: requests }, async (request) => cards.requests(ownerOf(request).accountId))

  const name = { summary: 'The name for hotels', tags, body: putCardName.body, response }
  app.put(IDENTITY_PATHS.ownName, { config: fresh, schema: name }, async (request) => {
    accepted(await cards.putName(ownerOf(request).accountId, request.body.name, 'owner'))
    return DONE
  })
  const noName = { summary: 'No name any more', tags, response }
  app.delete(IDENTITY_PATHS.ownName, { config: fresh, schema: noName }, async (request) => {
    await cards.dropName(ownerOf(request).accountId)
    return DONE
  })
  const number = { summary: 'The member number with one merchant', tags, params: merchant, body: putMemberNumber.body, response }
  app.put(urlOf(IDENTITY_PATHS.ownMemberNumber), { config: fresh, schema: number }, async (request) => {
    accepted(await cards.putMemberNumber(ownerOf(request).accountId, request.params.merchantId, request.body.number, 'owner'))
    return DONE
  })
  const noNumber = { summary: 'No member number with this merchant any more', tags, params: merchant, response }
  app.delete(urlOf(IDENTITY_PATHS.ownMemberNumber), { config: fresh, schema: noNumber }, async (request) => {
    await cards.dropMemberNumber(ownerOf(request).accountId, request.params.merchantId)
    return DONE
  })
}
