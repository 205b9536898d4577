/** The root, and everything it vouches for, of one conformance run: a world in which the target is the only part that is not the harness's. */
import { assert } from '#shared/assert.ts'
import { ID_SLOT_MS } from '#shared/contracts/band-advert.ts'
import { type Binding, binding, release } from '#shared/contracts/link-messages.ts'
import {
  KEY_PURPOSES,
  type KeyPurpose,
  keyStatement,
  phoneCertificate,
  type TerminalCertificate,
  terminalCertificate,
} from '#shared/contracts/radio-messages.ts'
import { KeySet } from '#shared/crypto/key-set.ts'
import { newSigner, randomBytes, type Signer } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'

const YEAR_S = 365 * 86_400
const PURPOSES = ['terminal-ca', 'phone-ca', 'authorizer', 'release', 'allowance', 'identity'] as const
type Purpose = (typeof PURPOSES)[number]
type Window = { readonly from: number; readonly until: number }

export class Authority {
  readonly root: Signer
  /** Key statements, as a backend hands them out. */
  readonly keySet: readonly Uint8Array[]
  readonly keys: KeySet
  readonly #signers: ReadonlyMap<Purpose, Signer>
  readonly #statements: ReadonlyMap<Purpose, Uint8Array>

  private constructor(root: Signer, signers: ReadonlyMap<Purpose, Signer>, statements: ReadonlyMap<Purpose, Uint8Array>, keys: KeySet) {
    this.root = root
    this.#signers = signers
    this.#statements = statements
    this.keySet = [...statements.values()]
    this.keys = keys
  }

  static async found(nowS: number): Promise<Authority> {
    const root = await newSigner()
    const signers = new Map<Purpose, Signer>()
    const statements = new Map<Purpose, Uint8Array>()
    for (const purpose of PURPOSES) {
      const signer = await newSigner()
      signers.set(purpose, signer)
      statements.set(purpose, await vouch(root, purpose, signer, aroundYear(nowS)))
    }
    const keys = await KeySet.open(root.point, [...statements.values()])
    assert(keys.ok, 'what the root has just signed opens')
    return new Authority(root, signers, statements, keys.value)
  }

  signer(purpose: Purpose): Signer {
    const signer = this.#signers.get(purpose)
    assert(signer, `a key for ${purpose}`)
    return signer
  }

  /** The root's word for the key of this purpose. */
  statement(purpose: Purpose): Uint8Array {
    const statement = this.#statements.get(purpose)
    assert(statement, `a statement for ${purpose}`)
    return statement
  }

  /** The root's word for another key, such as one that has run out. */
  async vouchFor(purpose: KeyPurpose, signer: Signer, window: Window): Promise<Uint8Array> {
    return vouch(this.root, purpose, signer, window)
  }

  async terminalCertificate(
    terminal: Signer,
    nowS: number,
    changes: Partial<TerminalCertificate> = {},
    by: Signer = this.signer('terminal-ca'),
  ): Promise<Uint8Array> {
    const fields = {
      terminalId: 'conform-1',
      merchantId: 'conform',
      name: 'Conformance 合规测试',
      site: 'Bench',
      latitudeE5: 3_123_590,
      longitudeE5: 12_149_100,
      point: terminal.point,
      from: nowS - 86_400,
      until: nowS + 6 * 86_400,
    }
    return sign1(terminalCertificate, { ...fields, ...changes }, by, { withKid: true })
  }

  async phoneCertificate(point: Uint8Array, slot: number): Promise<Uint8Array> {
    const slotS = ID_SLOT_MS / 1_000
    const fields = { pseudonym: randomBytes(8), point, from: slot * slotS, until: (slot + 1) * slotS }
    return sign1(phoneCertificate, fields, this.signer('phone-ca'), { withKid: true })
  }

  async binding(fields: Binding, by: Signer = this.signer('release')): Promise<Uint8Array> {
    return sign1(binding, fields, by, { withKid: true })
  }

  async release(bandId: Uint8Array, epoch: number, at: number, by: Signer = this.signer('release')): Promise<Uint8Array> {
    return sign1(release, { bandId, epoch, at }, by, { withKid: true })
  }
}

function aroundYear(nowS: number): Window {
  return { from: nowS - YEAR_S, until: nowS + YEAR_S }
}

async function vouch(root: Signer, purpose: KeyPurpose, { kid, point }: Signer, window: Window): Promise<Uint8Array> {
  return sign1(keyStatement, { purpose: KEY_PURPOSES[purpose], kid, point, ...window }, root, { withKid: false })
}
