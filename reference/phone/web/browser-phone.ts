/** The phone with the parts a browser brings. */
import { openMemory } from './memory.ts'
import { WalletPhone } from './wallet-phone.ts'
import { browserClock } from './web-clock.ts'

const MEMORY = 'bandtill-phone'

/** Undefined where a page has none of the parts: outside https and this machine's own address. */
export function browserPhone(): WalletPhone | undefined {
  if (!globalThis.isSecureContext) return undefined
  const hasDeviceLock = 'credentials' in navigator && 'PublicKeyCredential' in globalThis
  return new WalletPhone({
    clock: browserClock,
    openMemory: async () => {
      // Where the browser asks its owner, or decides for itself: without it, it may clear the phone's memory when the disk runs full.
      await navigator.storage.persist().catch(() => false)
      return openMemory(MEMORY)
    },
    network: { clock: browserClock, baseUrl: location.origin, hasNetwork: () => navigator.onLine },
    locks: navigator.locks,
    bluetooth: 'bluetooth' in navigator ? navigator.bluetooth : undefined,
    credentials: hasDeviceLock ? navigator.credentials : undefined,
  })
}
