/** What the browser tests load into their page: the phone as the wallet's page has it, within reach of the test. */
import { openMemory } from '#reference/phone/web/memory.ts'
import { holdTab } from '#reference/phone/web/one-tab.ts'
import { WalletPhone } from '#reference/phone/web/wallet-phone.ts'
import { browserClock } from '#reference/phone/web/web-clock.ts'
import { generateHiddenKeys, sha256, signerOfKeys } from '#shared/crypto/keys.ts'
import { selfTest } from '#shared/crypto/self-test.ts'

export const inPage = { openMemory, holdTab, WalletPhone, browserClock, generateHiddenKeys, signerOfKeys, sha256, selfTest }
export type InPage = typeof inPage
Object.assign(globalThis, { inPage })
