/**
 * Known answers for every primitive of the suite, run at the start of each process that uses it: one platform's cryptography library
 * is not another's (Node has OpenSSL, Electron BoringSSL), and a wrong one must stop the program before it has signed anything.
 */
import { Aes128Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core'
import { assert } from '#shared/assert.ts'
import { concat, equalBytes, fromHex } from '#shared/contracts/bytes.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { importVerifyKey, sha256 } from './keys.ts'

export type Primitive = 'sha-256' | 'hmac-sha-256' | 'hkdf-sha-256' | 'aes-128-gcm' | 'es256' | 'hpke'

/** Hex throughout, from the documents named. */
export const KNOWN_ANSWERS = {
  /** FIPS 180-2 B.1, "abc". */
  sha256: { message: '616263', digest: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' },
  /** RFC 4231, test case 2. */
  hmac: {
    key: '4a656665',
    message: '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
    mac: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  },
  /** RFC 5869 A.1. */
  hkdf: {
    secret: '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b',
    salt: '000102030405060708090a0b0c',
    info: 'f0f1f2f3f4f5f6f7f8f9',
    output: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  },
  /** McGrew and Viega, The Galois/Counter Mode of Operation, test case 4. */
  gcm: {
    key: 'feffe9928665731c6d6a8f9467308308',
    iv: 'cafebabefacedbaddecaf888',
    aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    plaintext: 'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    ciphertext:
      '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091' +
      '5bc94fbc3221a5db94fae95ae7121a47',
  },
  /** RFC 6979 A.2.5, SHA-256 over "sample". */
  es256: {
    point: '0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6',
    message: '73616d706c65',
    signature:
      'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
  },
  /** RFC 9180 A.3.1: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode, the first message and the first export. */
  hpke: {
    privateKey: 'f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2',
    enc: '04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4',
    info: '4f6465206f6e2061204772656369616e2055726e',
    aad: '436f756e742d30',
    ciphertext: '5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434',
    plaintext: '4265617574792069732074727574682c20747275746820626561757479',
    exported: '5e9bc3d236e1911d95e65b576a8a86d478fb827e8bdfe77b741b289890490d4d',
  },
} as const

type KnownAnswers = { readonly [P in keyof typeof KNOWN_ANSWERS]: { readonly [F in keyof (typeof KNOWN_ANSWERS)[P]]: string } }

/** Checks every primitive. The refusal names the first one that is wrong: the process must not go on. */
export async function selfTest(known: KnownAnswers = KNOWN_ANSWERS): Promise<Result<void, Primitive>> {
  const checks: readonly (readonly [Primitive, () => Promise<boolean>])[] = [
    ['sha-256', async () => equalBytes(await sha256(bytes(known.sha256.message)), bytes(known.sha256.digest))],
    ['hmac-sha-256', async () => hmac(known.hmac)],
    ['hkdf-sha-256', async () => hkdf(known.hkdf)],
    ['aes-128-gcm', async () => gcm(known.gcm)],
    ['es256', async () => es256(known.es256)],
    ['hpke', async () => hpke(known.hpke)],
  ]
  for (const [primitive, check] of checks) {
    // A platform without the primitive throws, which is the same answer: it cannot be used.
    const isRight = await check().catch(() => false)
    if (!isRight) return err(primitive)
  }
  return ok()
}

async function hmac({ key, message, mac }: KnownAnswers['hmac']): Promise<boolean> {
  const imported = await crypto.subtle.importKey('raw', bytes(key), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return equalBytes(new Uint8Array(await crypto.subtle.sign('HMAC', imported, bytes(message))), bytes(mac))
}

async function hkdf({ secret, salt, info, output }: KnownAnswers['hkdf']): Promise<boolean> {
  const material = await crypto.subtle.importKey('raw', bytes(secret), 'HKDF', false, ['deriveBits'])
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: bytes(salt), info: bytes(info) }
  return equalBytes(new Uint8Array(await crypto.subtle.deriveBits(parameters, material, bytes(output).length * 8)), bytes(output))
}

async function gcm({ key, iv, aad, plaintext, ciphertext }: KnownAnswers['gcm']): Promise<boolean> {
  const imported = await crypto.subtle.importKey('raw', bytes(key), 'AES-GCM', false, ['encrypt', 'decrypt'])
  const parameters = { name: 'AES-GCM', iv: bytes(iv), additionalData: bytes(aad) }
  const sealed = new Uint8Array(await crypto.subtle.encrypt(parameters, imported, bytes(plaintext)))
  if (!equalBytes(sealed, bytes(ciphertext))) return false
  const opened = crypto.subtle.decrypt(parameters, imported, withLastBitFlipped(sealed))
  // Opening what was altered must fail, or the tag is not being checked.
  return opened.then(
    () => false,
    () => true,
  )
}

async function es256({ point, message, signature }: KnownAnswers['es256']): Promise<boolean> {
  const key = await importVerifyKey(bytes(point))
  if (!key.ok || !(await key.value.verify(bytes(signature), bytes(message)))) return false
  return !(await key.value.verify(withLastBitFlipped(bytes(signature)), bytes(message)))
}

async function hpke({ privateKey, enc, info, aad, ciphertext, plaintext, exported }: KnownAnswers['hpke']): Promise<boolean> {
  const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes128Gcm() })
  const recipientKey = await suite.kem.deserializePrivateKey(bytes(privateKey))
  const recipient = await suite.createRecipientContext({ recipientKey, enc: bytes(enc), info: bytes(info) })
  const opened = new Uint8Array(await recipient.open(bytes(ciphertext), bytes(aad)))
  const secret = new Uint8Array(await recipient.export(new Uint8Array(0), bytes(exported).length))
  return equalBytes(opened, bytes(plaintext)) && equalBytes(secret, bytes(exported))
}

function withLastBitFlipped(value: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat(value.subarray(0, -1), Uint8Array.of((value.at(-1) ?? 0) ^ 1))
}

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  const value = fromHex(hex)
  assert(value, 'a known answer is not hex')
  return value
}
