/** What the operator calls: who exists, and what a site sells. */
import * as z from 'zod'
import {
  BACKEND_PATHS,
  done,
  patchAccount,
  putAccount,
  putMerchant,
  putPhone,
  putProgramme,
  putSite,
  putTerminal,
} from '#shared/contracts/backend-api.ts'
import { invitePhone } from '#shared/contracts/owner-api.ts'
import type { OwnerPhones } from '../services/owner-phones.ts'
import type { Programmes } from '../services/programmes.ts'
import type { Registry } from '../services/registry.ts'
import { type App, accepted, machineId, REFUSALS, slug, urlOf } from './call.ts'

/** A programme of 500 showtimes with their ticket types is under 1 MiB; this leaves room. */
const PROGRAMME_MAX_BYTES = 4 * 1024 * 1024
const config = { caller: 'operator' } as const
const response = { 200: done, ...REFUSALS } as const
const tags = ['registry']
const DONE = { ok: true } as const

type RegistryParts = { readonly registry: Registry; readonly programmes: Programmes; readonly owner: { readonly phones: OwnerPhones } }

export function registryRoutes(app: App, { registry, programmes, owner }: RegistryParts): void {
  const merchant = { summary: 'A merchant', tags, params: z.strictObject({ merchantId: slug }), body: putMerchant.body, response }
  app.put(urlOf(BACKEND_PATHS.merchant), { config, schema: merchant }, async (request) => {
    accepted(await registry.putMerchant(request.params.merchantId, request.body))
    return DONE
  })
  const site = { summary: 'A site of a merchant', tags, params: z.strictObject({ siteId: slug }), body: putSite.body, response }
  app.put(urlOf(BACKEND_PATHS.site), { config, schema: site }, async (request) => {
    accepted(await registry.putSite(request.params.siteId, request.body))
    return DONE
  })
  const programme = { summary: 'What a site sells', tags, params: z.strictObject({ siteId: slug }), body: putProgramme.body, response }
  app.put(urlOf(BACKEND_PATHS.siteProgramme), { config, schema: programme, bodyLimit: PROGRAMME_MAX_BYTES }, async (request) => {
    accepted(await programmes.put(request.params.siteId, request.body))
    return DONE
  })
  const terminal = { summary: 'A terminal of a site', tags, params: z.strictObject({ terminalId: slug }), body: putTerminal.body, response }
  app.put(urlOf(BACKEND_PATHS.terminal), { config, schema: terminal }, async (request) => {
    accepted(await registry.putTerminal(request.params.terminalId, request.body))
    return DONE
  })
  customerRoutes(app, registry, owner.phones)
}

function customerRoutes(app: App, registry: Registry, phones: OwnerPhones): void {
  const accountId = z.strictObject({ accountId: machineId })
  const account = { summary: 'An account with its wallet', tags, params: accountId, body: putAccount.body, response }
  app.put(urlOf(BACKEND_PATHS.account), { config, schema: account }, async (request) => {
    accepted(await registry.putAccount(request.params.accountId, request.body))
    return DONE
  })
  const freeze = { summary: 'Freeze or unfreeze an account', tags, params: accountId, body: patchAccount.body, response }
  app.patch(urlOf(BACKEND_PATHS.account), { config, schema: freeze }, async (request) => {
    accepted(await registry.freezeAccount(request.params.accountId, request.body.frozen))
    return DONE
  })
  const invitation = {
    summary: 'A one-time code for a new phone',
    tags,
    params: accountId,
    response: { 200: invitePhone.reply, ...REFUSALS },
  }
  app.post(urlOf(BACKEND_PATHS.phoneInvitation), { config, schema: invitation }, async (request) => {
    const { accountId: id } = request.params
    accepted(await registry.knowsAccount(id))
    return accepted(await phones.invite(id))
  })
  const phone = { summary: "A customer's phone", tags, params: z.strictObject({ phoneId: machineId }), body: putPhone.body, response }
  app.put(urlOf(BACKEND_PATHS.phone), { config, schema: phone }, async (request) => {
    accepted(await registry.putPhone(request.params.phoneId, request.body))
    return DONE
  })
}
