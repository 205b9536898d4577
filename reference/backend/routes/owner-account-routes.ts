/** What a signed-in owner calls. */
import * as z from 'zod'
import { done } from '#shared/contracts/backend-api.ts'
import {
  freezeAccount,
  invitePhone,
  listNotices,
  listPasskeys,
  listPhones,
  NOTICES_PAGE_MAX,
  newRecoveryCodes,
  OWNER_PATHS,
  ownerStanding,
  readNotices,
  signOut,
} from '#shared/contracts/owner-api.ts'
import { setSessionCookie } from '../plugins/owner-callers.ts'
import type { OwnerAccess } from '../services/owner-access.ts'
import { type App, accepted, machineId, ownerOf, REFUSALS, urlOf } from './call.ts'

const config = { caller: 'owner' } as const
const fresh = { caller: 'owner', fresh: true } as const
const tags = ['owner']
const DONE = { ok: true } as const

export function ownerAccountRoutes(app: App, owner: OwnerAccess): void {
  const { account, sessions, recoveryCodes } = owner
  app.get(
    OWNER_PATHS.standing,
    { config, schema: { summary: 'How the account and this session stand', tags, response: { 200: ownerStanding, ...REFUSALS } } },
    async (request) => sessions.standing(ownerOf(request)),
  )
  app.put(
    OWNER_PATHS.freeze,
    { config, schema: { summary: 'Stop every payment at once', tags, response: { 200: freezeAccount.reply, ...REFUSALS } } },
    async (request) => ({ freeze: await account.freeze(ownerOf(request)) }),
  )
  app.delete(
    OWNER_PATHS.freeze,
    { config: fresh, schema: { summary: 'Let payments go on', tags, response: { 200: done, ...REFUSALS } } },
    async (request) => {
      accepted(await account.unfreeze(ownerOf(request)))
      return DONE
    },
  )
  app.post(
    OWNER_PATHS.recoveryCodes,
    { config: fresh, schema: { summary: 'Ten new recovery codes', tags, response: { 200: newRecoveryCodes.reply, ...REFUSALS } } },
    async (request) => ({ recoveryCodes: await recoveryCodes.renewOf(ownerOf(request)) }),
  )
  app.post(
    OWNER_PATHS.signOut,
    {
      config,
      schema: { summary: 'Sign out, here or everywhere', tags, body: signOut.body, response: { 200: signOut.reply, ...REFUSALS } },
    },
    async (request, reply) => {
      await sessions.close(ownerOf(request), request.body.everywhere)
      setSessionCookie(reply, owner.party, undefined)
      return DONE
    },
  )
  noticeRoutes(app, owner)
  passkeyRoutes(app, owner)
  phoneListRoutes(app, owner)
}

function noticeRoutes(app: App, { account }: OwnerAccess): void {
  app.get(
    OWNER_PATHS.notices,
    { config, schema: { summary: 'What the owner was told, newest first', tags, response: { 200: listNotices.reply, ...REFUSALS } } },
    async (request) => {
      const notices = await account.notices(ownerOf(request).accountId, NOTICES_PAGE_MAX)
      return {
        notices: notices.map(({ id, kind, detail, at, readAt }) => ({ id, kind, detail, at, ...(readAt === null ? {} : { readAt }) })),
      }
    },
  )
  app.post(
    OWNER_PATHS.readNotices,
    {
      config,
      schema: { summary: 'Notices that were read', tags, body: readNotices.body, response: { 200: readNotices.reply, ...REFUSALS } },
    },
    async (request) => {
      await account.markRead(ownerOf(request).accountId, request.body.ids)
      return DONE
    },
  )
}

function passkeyRoutes(app: App, { passkeys }: OwnerAccess): void {
  app.get(
    OWNER_PATHS.passkeys,
    { config, schema: { summary: 'The owner’s passkeys', tags, response: { 200: listPasskeys.reply, ...REFUSALS } } },
    async (request) => {
      const all = await passkeys.list(ownerOf(request).accountId)
      return {
        passkeys: all.map(({ id, label, createdAt, lastUsedAt }) => ({
          passkeyId: id,
          label,
          createdAt,
          ...(lastUsedAt === null ? {} : { lastUsedAt }),
        })),
      }
    },
  )
  app.delete(
    urlOf(OWNER_PATHS.passkey),
    {
      config: fresh,
      schema: {
        summary: 'Remove a passkey, never the last one',
        tags,
        params: z.strictObject({ passkeyId: machineId }),
        response: { 200: done, ...REFUSALS },
      },
    },
    async (request) => {
      accepted(await passkeys.remove(ownerOf(request).accountId, request.params.passkeyId))
      return DONE
    },
  )
}

function phoneListRoutes(app: App, { phones }: OwnerAccess): void {
  app.get(
    OWNER_PATHS.phones,
    { config, schema: { summary: 'The owner’s phones', tags, response: { 200: listPhones.reply, ...REFUSALS } } },
    async (request) => {
      const all = await phones.list(ownerOf(request).accountId)
      return {
        phones: all.map(({ id, addedAt, retiredAt }) => ({
          phoneId: id,
          ...(addedAt === null ? {} : { addedAt }),
          ...(retiredAt === null ? {} : { retiredAt }),
        })),
      }
    },
  )
  app.delete(
    urlOf(OWNER_PATHS.phone),
    {
      config: fresh,
      schema: {
        summary: 'Retire a phone: its key is refused from now on',
        tags,
        params: z.strictObject({ phoneId: machineId }),
        response: { 200: done, ...REFUSALS },
      },
    },
    async (request) => {
      accepted(await phones.retire(ownerOf(request).accountId, request.params.phoneId))
      return DONE
    },
  )
  app.post(
    OWNER_PATHS.phoneInvitations,
    { config: fresh, schema: { summary: 'A one-time code for a new phone', tags, response: { 200: invitePhone.reply, ...REFUSALS } } },
    async (request) => accepted(await phones.invite(ownerOf(request).accountId)),
  )
}
