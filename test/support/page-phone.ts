/** A page with the phone in it, without its browser: what a browser keeps survives `reload`, everything else is gone. */

import type { Kept, PhoneMemory } from '#reference/phone/web/memory.ts'
import type { WalletPhoneState } from '#reference/phone/web/state.ts'
import { WalletPhone } from '#reference/phone/web/wallet-phone.ts'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import { err, ok } from '#shared/result.ts'
import type { BondWorld, TestBand } from '#test/support/bond-world.ts'
import { newId } from './backend-world.ts'
import { nearFetch } from './near-calls.ts'
import { VirtualBluetooth } from './web-bluetooth.ts'

/** Fewer than a phone takes: what is tested here is not how long a PIN takes to guess. */
const PIN_ROUNDS = 1_000

type Disk = { -readonly [K in keyof Kept]: Kept[K] }

const EMPTY: Disk = {
  identity: undefined,
  bond: undefined,
  pin: undefined,
  limits: undefined,
  allowance: undefined,
  consents: undefined,
  practice: undefined,
  device: undefined,
  records: [],
  asked: [],
  heads: [],
}

/** The disk of one browser. Copies go in and out, as they do in IndexedDB. */
export class BrowserDisk {
  #kept: Disk = EMPTY
  isFull = false

  get kept(): Kept {
    return this.#kept
  }

  open(): PhoneMemory {
    const save = async (change: (kept: Disk) => Disk) => {
      if (this.isFull) return err('storage-failed' as const)
      this.#kept = change({ ...this.#kept })
      return ok()
    }
    return {
      read: async () => ({ ...this.#kept }),
      save: async (record) => save((kept) => ({ ...kept, records: [...kept.records.filter(({ key }) => key !== record.key), record] })),
      saveLimits: async (limits) => save((kept) => ({ ...kept, limits })),
      saveAllowance: async (allowance) => save((kept) => ({ ...kept, allowance })),
      saveConsents: async (consents) => save((kept) => ({ ...kept, consents })),
      saveBond: async (bond) => save((kept) => ({ ...kept, bond })),
      savePin: async (pin) => save((kept) => ({ ...kept, pin })),
      saveIdentity: async (identity) => save((kept) => ({ ...kept, identity })),
      savePractice: async (practice) => save((kept) => ({ ...kept, practice })),
      saveDevice: async (device) => save((kept) => ({ ...kept, device })),
      saveAsked: async (asked) =>
        save((kept) => ({ ...kept, asked: [...kept.asked.filter(({ requestId }) => requestId !== asked.requestId), asked] })),
      witness: { save: async (head) => save((kept) => ({ ...kept, heads: [...kept.heads, head] })) },
      erase: async () => save(() => EMPTY),
      close: () => undefined,
    }
  }
}

/** One browser near one band, with an account that waits for its phone. */
export class PagePhone {
  readonly world: BondWorld
  readonly band: TestBand
  readonly accountId: string
  readonly disk = new BrowserDisk()
  readonly bluetooth: VirtualBluetooth
  readonly isOnline = { now: true }
  page!: WalletPhone

  private constructor(world: BondWorld, band: TestBand, accountId: string) {
    this.world = world
    this.band = band
    this.accountId = accountId
    this.bluetooth = new VirtualBluetooth({ clock: world.clock, connectPhone: (side) => this.band.wristband.connectPhone(side) })
  }

  static async open(world: BondWorld): Promise<PagePhone> {
    const accountId = newId()
    await world.backend.operator('PUT', BACKEND_PATHS.account.replace('{accountId}', accountId), {
      displayName: 'Mei',
      currency: 'CNY',
      openingBalance: 100_000,
    })
    const phone = new PagePhone(world, await world.band(), accountId)
    phone.load()
    return phone
  }

  get state(): WalletPhoneState {
    return this.page.state.get()
  }

  /** A one-time code for this account. */
  async code(): Promise<string> {
    const reply = await this.world.backend.operator('POST', BACKEND_PATHS.phoneInvitation.replace('{accountId}', this.accountId), {})
    return String(reply.json['code'])
  }

  /** Another page of the same browser. */
  newPage(): WalletPhone {
    const { clock, backend } = this.world
    const page = new WalletPhone({
      clock,
      openMemory: async () => this.disk.open(),
      network: {
        clock,
        baseUrl: 'http://backend.test',
        hasNetwork: () => this.isOnline.now,
        fetch: nearFetch({ listening: () => ({ app: backend.backend.app, stopped: new AbortController().signal }), admit: () => 'answer' }),
      },
      locks: navigator.locks,
      bluetooth: this.bluetooth,
      credentials: undefined,
      pinRounds: PIN_ROUNDS,
    })
    page.start()
    return page
  }

  load(): void {
    this.page = this.newPage()
  }

  /** The page is closed without a word, and opened again. */
  reload(): void {
    this.page.stop()
    this.load()
  }
}
