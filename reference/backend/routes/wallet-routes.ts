/** What an owner's phone reads of the wallet. */
import type * as z from 'zod'
import { getStatement, getWallet, WALLET_PATHS } from '#shared/contracts/wallet-api.ts'
import type { PaymentRecord } from '../repositories/statement-repository.ts'
import type { StatementLine, WalletStatements } from '../services/wallet-statements.ts'
import { instantOf } from '../world.ts'
import { type App, accepted, phoneOf, REFUSALS } from './call.ts'

const config = { caller: 'phone' } as const
const tags = ['wallet']

export function walletRoutes(app: App, { statements }: { readonly statements: WalletStatements }): void {
  app.get(
    WALLET_PATHS.wallet,
    { config, schema: { summary: 'Balance, what is held, and interest', tags, response: { 200: getWallet.reply, ...REFUSALS } } },
    async (request) => {
      const { currency, balance, held, interest } = accepted(await statements.wallet(phoneOf(request).accountId))
      return {
        balance: { amount: balance, currency },
        held: { amount: held, currency },
        interest: { ...interest, earned: { amount: interest.earned, currency } },
      }
    },
  )
  app.get(
    WALLET_PATHS.statement,
    {
      config,
      schema: {
        summary: 'What moved the wallet in these days, page by page',
        tags,
        querystring: getStatement.query,
        response: { 200: getStatement.reply, ...REFUSALS },
      },
    },
    async (request) => {
      const { from, to } = request.query
      const { lines, openHolds, ...statement } = accepted(await statements.statement(phoneOf(request).accountId, request.query))
      return {
        from,
        to,
        ...statement,
        lines: lines.map(lineOf),
        openHolds: openHolds.map(({ captureByMs, ...hold }) => ({ ...hold, captureBy: instantOf(captureByMs) })),
      }
    },
  )
}

type Reply = z.output<typeof getStatement.reply>['lines'][number]

function lineOf({ payment, day, ...line }: StatementLine): Reply {
  return { ...line, ...(payment ? { payment: paymentOf(payment) } : {}), ...(day === undefined ? {} : { day }) }
}

function paymentOf({ captured, receiptId, voidedBy, ...payment }: PaymentRecord): NonNullable<Reply['payment']> {
  return {
    ...payment,
    ...(receiptId === undefined ? {} : { captured, receiptId }),
    ...(voidedBy === undefined ? {} : { voidedBy }),
  }
}
