/** What an owner reads of the wallet, on the phone or signed in from anywhere. */
import * as z from 'zod'
import { getReceipt, getStatement, getWallet, listRequests, OWNER_WALLET_PATHS, WALLET_PATHS } from '#shared/contracts/wallet-api.ts'
import type { PaymentRecord } from '../repositories/statement-repository.ts'
import type { Asked } from '../services/asked.ts'
import type { StatementLine, WalletStatements } from '../services/wallet-statements.ts'
import { instantOf } from '../world.ts'
import { type App, accepted, machineId, ownerOf, phoneOf, REFUSALS, urlOf } from './call.ts'

const tags = ['wallet']
type Asker = {
  readonly caller: 'phone' | 'owner'
  readonly paths: { readonly wallet: string; readonly statement: string }
  readonly accountOf: (request: Asking) => string
}
type Asking = Parameters<typeof phoneOf>[0]

/** The same for the phone, and for the owner in any browser. */
const ASKERS: readonly Asker[] = [
  { caller: 'phone', paths: WALLET_PATHS, accountOf: (request) => phoneOf(request).accountId },
  { caller: 'owner', paths: OWNER_WALLET_PATHS, accountOf: (request) => ownerOf(request).accountId },
]

export function walletRoutes(app: App, services: { readonly statements: WalletStatements; readonly asked: Asked }): void {
  for (const asker of ASKERS) routesFor(app, services.statements, asker)
  ownerRoutes(app, services.asked)
}

function ownerRoutes(app: App, asked: Asked): void {
  const config = { caller: 'owner' } as const
  app.get(
    OWNER_WALLET_PATHS.requests,
    { config, schema: { summary: 'Who asked what, newest first', tags, response: { 200: listRequests.reply, ...REFUSALS } } },
    async (request) => ({ requests: [...(await asked.requests(ownerOf(request).accountId))] }),
  )
  app.get(
    urlOf(OWNER_WALLET_PATHS.receipt),
    {
      config,
      schema: {
        summary: 'A receipt this account paid a part of, or a void that gave it back',
        tags,
        params: z.strictObject({ receiptId: machineId }),
        response: { 200: getReceipt.reply, ...REFUSALS },
      },
    },
    async (request) => accepted(await asked.receipt(ownerOf(request).accountId, request.params.receiptId)),
  )
}

function routesFor(app: App, statements: WalletStatements, { caller, paths, accountOf }: Asker): void {
  app.get(
    paths.wallet,
    {
      config: { caller },
      schema: { summary: 'Balance, what is held, and interest', tags, response: { 200: getWallet.reply, ...REFUSALS } },
    },
    async (request) => {
      const { currency, balance, held, setAside, interest } = accepted(await statements.wallet(accountOf(request)))
      return {
        balance: { amount: balance, currency },
        held: { amount: held, currency },
        setAside: { amount: setAside, currency },
        interest: { ...interest, earned: { amount: interest.earned, currency } },
      }
    },
  )
  app.get(
    paths.statement,
    {
      config: { caller },
      schema: {
        summary: 'What moved the wallet in these days, page by page',
        tags,
        querystring: getStatement.query,
        response: { 200: getStatement.reply, ...REFUSALS },
      },
    },
    async (request) => {
      const { from, to } = request.query
      const { lines, openHolds, ...statement } = accepted(await statements.statement(accountOf(request), request.query))
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
