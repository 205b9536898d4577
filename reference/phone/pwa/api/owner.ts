/** What a signed-in owner asks and does, each as one function. */
import type * as z from 'zod'
import { getWallet, OWNER_WALLET_PATHS } from '#shared/contracts/wallet-api.ts'
import { asOwner } from '../session-store.ts'
import { type Answer, call } from './client.ts'

export type Wallet = z.output<typeof getWallet.reply>

export async function readWallet(): Answer<Wallet> {
  return asOwner(async () => call('GET', OWNER_WALLET_PATHS.wallet, getWallet.reply))
}
