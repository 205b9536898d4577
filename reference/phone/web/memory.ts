/**
 * The phone's memory in a browser: IndexedDB, each write on the disk before it counts (`durability: strict`). The phone's private key is in
 * it as a key the page can use and nobody can read out.
 */
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB, type StoreNames } from 'idb'
import type { PolicySettings } from '#shared/domain/policy.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Consent, ConsentStore } from '../identity.ts'
import type { AllowanceStore, Bond, BondStore, KeptAllowance, PhoneStore, RequestRecord, WitnessedHead, WitnessStore } from '../ports.ts'
import type { PinRecord, PinStore } from '../unlock.ts'
import { WITNESSED_HEADS_MAX } from '../witness-book.ts'
import type { AskedRequest } from './state.ts'

const VERSION = 1
/** What the owner is shown of the past; the account's statement has all of it. */
export const ASKED_MAX = 100

/** Who this phone is. `account` once the backend has taken it in. */
export type PhoneIdentity = {
  readonly phoneId: string
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly account?: { readonly displayName: string; readonly currency: string; readonly rootPoint: Uint8Array }
}
/** Where the practice world's band is reached, and the word by which it knows this page again. */
export type PracticeAccess = { readonly port: number; readonly session: string }
/** The device's own lock: a credential of its authenticator. */
export type DeviceCredential = { readonly id: Uint8Array<ArrayBuffer> }

type Things = {
  identity: PhoneIdentity
  bond: Bond
  pin: PinRecord
  limits: PolicySettings
  allowance: KeptAllowance
  consents: readonly Consent[]
  practice: PracticeAccess
  device: DeviceCredential
}
interface Schema extends DBSchema {
  things: { key: keyof Things; value: Things[keyof Things] }
  requests: { key: string; value: RequestRecord; indexes: { at: number } }
  asked: { key: string; value: AskedRequest; indexes: { at: number } }
  heads: { key: number; value: WitnessedHead }
}

const STORES = ['things', 'requests', 'asked', 'heads'] as const

export type Kept = {
  readonly [K in keyof Things]: Things[K] | undefined
} & {
  /** Oldest first, as all three. */
  readonly records: readonly RequestRecord[]
  readonly asked: readonly AskedRequest[]
  readonly heads: readonly WitnessedHead[]
}
type Saved = Promise<Result<void, 'storage-failed'>>

/** Every `save` resolves `ok` only when it would survive a power cut. */
export interface PhoneMemory extends PhoneStore, BondStore, PinStore, AllowanceStore, ConsentStore {
  readonly witness: WitnessStore
  read(): Promise<Kept>
  saveIdentity(identity: PhoneIdentity): Saved
  savePractice(access: PracticeAccess | undefined): Saved
  saveDevice(credential: DeviceCredential): Saved
  saveAsked(asked: AskedRequest): Saved
  /** Forgets everything there is, keys included. */
  erase(): Saved
  close(): void
}

/** Opens it, or makes a new one. Rejects where the browser keeps nothing, as in some private windows. */
export async function openMemory(name: string): Promise<PhoneMemory> {
  const db = await openDB<Schema>(name, VERSION, {
    upgrade(fresh) {
      fresh.createObjectStore('things')
      fresh.createObjectStore('requests', { keyPath: 'key' }).createIndex('at', 'atS')
      fresh.createObjectStore('asked', { keyPath: 'requestId' }).createIndex('at', 'atMs')
      fresh.createObjectStore('heads', { autoIncrement: true })
    },
  })
  return new BrowserMemory(db)
}

class BrowserMemory implements PhoneMemory {
  readonly #db: IDBPDatabase<Schema>
  readonly witness: WitnessStore

  constructor(db: IDBPDatabase<Schema>) {
    this.#db = db
    this.witness = { save: async (head) => this.#saveHead(head) }
  }

  async read(): Promise<Kept> {
    const db = this.#db
    const thing = async <K extends keyof Things>(key: K) => (await db.get('things', key)) as Things[K] | undefined
    const [identity, bond, pin, limits, allowance, consents, practice, device] = await Promise.all([
      thing('identity'),
      thing('bond'),
      thing('pin'),
      thing('limits'),
      thing('allowance'),
      thing('consents'),
      thing('practice'),
      thing('device'),
    ])
    const [records, asked, heads] = await Promise.all([
      db.getAllFromIndex('requests', 'at'),
      db.getAllFromIndex('asked', 'at'),
      db.getAll('heads'),
    ])
    return { identity, bond, pin, limits, allowance, consents, practice, device, records, asked, heads }
  }

  async save(record: RequestRecord): Saved {
    return this.#write('requests', async (store) => store.put(record))
  }

  async saveLimits(limits: PolicySettings): Saved {
    return this.#keep('limits', limits)
  }

  async saveAllowance(allowance: KeptAllowance | undefined): Saved {
    return this.#keep('allowance', allowance)
  }

  async saveConsents(consents: readonly Consent[]): Saved {
    return this.#keep('consents', consents)
  }

  async saveBond(bond: Bond | undefined): Saved {
    return this.#keep('bond', bond)
  }

  async savePin(pin: PinRecord): Saved {
    return this.#keep('pin', pin)
  }

  async saveIdentity(identity: PhoneIdentity): Saved {
    return this.#keep('identity', identity)
  }

  async savePractice(access: PracticeAccess | undefined): Saved {
    return this.#keep('practice', access)
  }

  async saveDevice(credential: DeviceCredential): Saved {
    return this.#keep('device', credential)
  }

  async saveAsked(asked: AskedRequest): Saved {
    return this.#write('asked', async (store) => {
      await store.put(asked)
      const surplus = (await store.count()) - ASKED_MAX
      let oldest = surplus > 0 ? await store.index('at').openCursor() : null
      for (let left = surplus; left > 0 && oldest; left -= 1) {
        await oldest.delete()
        oldest = await oldest.continue()
      }
    })
  }

  async erase(): Saved {
    try {
      const tx = this.#db.transaction(STORES, 'readwrite', { durability: 'strict' })
      await Promise.all([...STORES.map(async (name) => tx.objectStore(name).clear()), tx.done])
      return ok()
    } catch {
      return err('storage-failed')
    }
  }

  close(): void {
    this.#db.close()
  }

  async #saveHead(head: WitnessedHead): Saved {
    return this.#write('heads', async (store) => {
      await store.add(head)
      // The book forgets by itself what it has no room for; here it is enough that this does not grow for ever.
      const surplus = (await store.count()) - 2 * WITNESSED_HEADS_MAX
      for (const key of surplus > 0 ? await store.getAllKeys(null, surplus) : []) await store.delete(key)
    })
  }

  async #keep<K extends keyof Things>(key: K, value: Things[K] | undefined): Saved {
    return this.#write('things', async (store) => (value === undefined ? store.delete(key) : store.put(value, key)))
  }

  async #write<S extends StoreNames<Schema>>(name: S, act: (store: WritableStore<S>) => Promise<unknown>): Saved {
    try {
      const tx = this.#db.transaction(name, 'readwrite', { durability: 'strict' })
      await Promise.all([act(tx.store), tx.done])
      return ok()
    } catch {
      // Full, or closed by a newer version of the page in another tab: either way nothing was kept.
      return err('storage-failed')
    }
  }
}
type WritableStore<S extends StoreNames<Schema>> = IDBPTransaction<Schema, [S], 'readwrite'>['store']
