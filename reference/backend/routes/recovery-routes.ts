/** What a terminal calls after a start, and after a restore: its own records, as this backend has them. */
import { BACKEND_PATHS, ownAuthorizations, ownReceipts, RECOVERY_PAGE_MAX, terminalStanding } from '#shared/contracts/backend-api.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import type { Recovery } from '../services/recovery.ts'
import { type App, REFUSALS, terminalOf } from './call.ts'

const config = { caller: 'terminal' } as const
const tags = ['recovery']

export function recoveryRoutes(app: App, { recovery }: { readonly recovery: Recovery }): void {
  app.get(
    BACKEND_PATHS.standing,
    {
      config,
      schema: { summary: 'How far this terminal’s journal is known', tags, response: { 200: terminalStanding.reply, ...REFUSALS } },
    },
    async (request) => {
      const { epoch, head, series } = await recovery.standing(terminalOf(request))
      return { epoch, series, ...(head ? { head } : {}) }
    },
  )
  app.get(
    BACKEND_PATHS.ownReceipts,
    {
      config,
      schema: {
        summary: 'This terminal’s receipts as they were taken, page by page',
        tags,
        querystring: ownReceipts.query,
        response: { 200: ownReceipts.reply, ...REFUSALS },
      },
    },
    async (request) => {
      const { rows, more } = await recovery.receipts(terminalOf(request), request.query.after, RECOVERY_PAGE_MAX)
      return { receipts: rows, more }
    },
  )
  app.get(
    BACKEND_PATHS.ownAuthorizations,
    {
      config,
      schema: {
        summary: 'Money held for this terminal, neither captured nor reversed, page by page',
        tags,
        querystring: ownAuthorizations.query,
        response: { 200: ownAuthorizations.reply, ...REFUSALS },
      },
    },
    async (request) => {
      const { rows, more } = await recovery.authorizations(terminalOf(request), request.query.after, RECOVERY_PAGE_MAX)
      return { authorizations: rows.map(({ signed, ...row }) => ({ ...row, signed: toBase64Url(signed) })), more }
    },
  )
}
