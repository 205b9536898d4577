/** Offline allowances: what phones ask for and tell of, and what terminals hear. */
import * as z from 'zod'
import {
  ALLOWANCE_PATHS,
  getAllowance,
  getRevocations,
  openAllowance,
  REVOCATIONS_PAGE_MAX,
  reportOffline,
} from '#shared/contracts/allowance-api.ts'
import type { Database } from '../database/tables.ts'
import { refuse } from '../refusal.ts'
import { findAllowance } from '../repositories/allowances-repository.ts'
import { type Allowances, slotTexts } from '../services/allowances.ts'
import { broughtOf, type OfflinePayments } from '../services/offline-payments.ts'
import { type App, accepted, machineId, phoneOf, REFUSALS, urlOf } from './call.ts'

const tags = ['allowances']

export function allowanceRoutes(
  app: App,
  parts: { readonly db: Database; readonly allowances: Allowances; readonly offlinePayments: OfflinePayments },
): void {
  const { db, allowances, offlinePayments } = parts
  revocationRoute(app, allowances)
  app.post(
    ALLOWANCE_PATHS.allowances,
    {
      config: { caller: 'phone' },
      schema: {
        summary: 'Have money set aside for payments without a network',
        tags,
        body: openAllowance.body,
        response: { 200: openAllowance.reply, ...REFUSALS },
      },
    },
    async (request) => ({ slots: slotTexts(accepted(await allowances.open(phoneOf(request), request.body.lease))) }),
  )
  app.get(
    urlOf(ALLOWANCE_PATHS.allowance),
    {
      config: { caller: 'phone' },
      schema: {
        summary: 'Whether what was set aside may still be spent',
        tags,
        params: z.strictObject({ allowanceId: machineId }),
        response: { 200: getAllowance.reply, ...REFUSALS },
      },
    },
    async (request) => {
      const allowance = await findAllowance(db, request.params.allowanceId)
      if (allowance?.accountId !== phoneOf(request).accountId) return accepted(refuse('unknown', 'no such allowance'))
      return { state: allowance.revokedAt === undefined ? 'open' : 'revoked' } as const
    },
  )
  app.post(
    ALLOWANCE_PATHS.spent,
    {
      config: { caller: 'phone' },
      schema: {
        summary: 'A payment that was made without a network',
        tags,
        body: reportOffline.body,
        response: { 200: reportOffline.reply, ...REFUSALS },
      },
    },
    async (request) => {
      const phone = phoneOf(request)
      const brought = broughtOf(request.body)
      const taken = await db.transaction().execute(async (tx) => {
        return brought && (await offlinePayments.isOfAccount(tx, brought, phone.accountId)) ? offlinePayments.take(tx, brought) : undefined
      })
      if (!taken) return accepted(refuse('not-allowed', 'not a payment of this account'))
      return { state: accepted(taken.ok ? taken : refuse('not-allowed', taken.error)).state }
    },
  )
}

function revocationRoute(app: App, allowances: Allowances): void {
  app.get(
    ALLOWANCE_PATHS.revocations,
    {
      config: { caller: 'terminal' },
      schema: {
        summary: 'Allowances that must not be taken any more',
        tags,
        querystring: getRevocations.query,
        response: { 200: getRevocations.reply, ...REFUSALS },
      },
    },
    async (request) => {
      const found = await allowances.revocations(request.query.after, REVOCATIONS_PAGE_MAX + 1)
      return { revocations: found.slice(0, REVOCATIONS_PAGE_MAX), more: found.length > REVOCATIONS_PAGE_MAX }
    },
  )
}
