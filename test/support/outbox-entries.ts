/** Outbox entries of voids and journal heads, in the shape of the contract. Receipts and reversals are in backend-world.ts. */
import { toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import type { Signer } from '#shared/crypto/keys.ts'
import { CURRENCY, newId, START_MS, type Terminal } from './backend-world.ts'

/** A document that voids what a receipt captured and sold. Every part can be made wrong. */
export function voidEntry(wish: {
  readonly number: number
  readonly series?: string
  readonly kind?: string
  readonly voids?: readonly {
    readonly requestId: string
    readonly authorizationId: string
    readonly amount: number
    readonly currency?: string
    readonly ofReceiptId: string
  }[]
  readonly returns?: readonly {
    readonly holdId: string
    readonly showtimeId: string
    readonly seats: readonly string[]
    readonly ofReceiptId: string
  }[]
}) {
  const receiptId = newId()
  const { number, series = 'A', kind = 'void', voids = [], returns = [] } = wish
  const total = -voids.reduce((sum, { amount }) => sum + amount, 0)
  const body = {
    receipt: { id: receiptId, kind, number, series, total: { amount: total === 0 ? 0 : total, currency: CURRENCY } },
    journal: { seq: number, hash: toHex(new TextEncoder().encode(receiptId)) },
    captures: [],
    sells: [],
    voids: voids.map(({ requestId, authorizationId, amount, currency = CURRENCY, ofReceiptId }) => {
      return { requestId, authorizationId, amount: { amount, currency }, ofReceiptId }
    }),
    returns,
  }
  return { id: newId(), kind: 'receipt' as const, body: JSON.stringify(body), receiptId }
}

/** A journal head, signed by this terminal unless another signer is given. */
export async function headEntry(
  terminal: Terminal,
  head: {
    readonly seq: number
    readonly hash: string
    readonly epoch?: number
    readonly restored?: { readonly incarnation: string; readonly previousIncarnation: string; readonly series: string }
  },
  signer: Signer = terminal.signer,
) {
  const signature = await signer.sign(new TextEncoder().encode(`bt1h\n${head.seq}\n${head.hash}`))
  const body = { ...head, signature: toBase64Url(signature), kid: 'k', at: new Date(START_MS).toISOString() }
  return { id: newId(), kind: 'head' as const, body: JSON.stringify(body) }
}
