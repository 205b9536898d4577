/**
 * The terminal's own key in a file that only its owner can read, made at the first start. For the browser host, and for practice;
 * the desktop host keeps live keys in the system's own store.
 */
import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto'
import { constants, type FileHandle, link, open, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { generatePrivateJwk, type PrivateJwk, signerOf } from '#shared/crypto/keys.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Keys } from '../ports.ts'

const KEY_FILE = 'terminal-key.json'
const OWNER_ONLY_FILE = 0o600
/** Permission bits of everybody but the owner. */
const OTHERS = 0o077
/** A private JWK of P-256 is about 200 bytes. */
const KEY_BYTES_MAX = 1_024
/** 32 bytes in base64url. */
const COORDINATE = /^[A-Za-z0-9_-]{43}$/

const keyFile = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string().regex(COORDINATE),
  y: z.string().regex(COORDINATE),
  d: z.string().regex(COORDINATE),
})

export type FileKeysRefusal = {
  /** `exposed`: others may read the file. `damaged`: it is no key. `unwritable`: the file can be neither read nor made. */
  readonly code: 'exposed' | 'damaged' | 'unwritable'
  readonly file: string
  readonly detail: string
}

/** Opens the key in `folder`, or makes one there. A damaged or exposed key is refused, never replaced: the backend knows the old one. */
export async function openFileKeys(folder: string): Promise<Result<Keys, FileKeysRefusal>> {
  const file = join(folder, KEY_FILE)
  const found = await readKey(file)
  if (!found.ok) return found
  if (found.value !== undefined) return keysOf(file, found.value)
  const made = await generatePrivateJwk()
  const kept = await keepKey(file, made)
  if (!kept.ok) return kept
  // Another process may have made the key between our look and our write: what is in the file is the key.
  const reread = await readKey(file)
  if (!reread.ok) return reread
  return keysOf(file, reread.value ?? made)
}

async function readKey(file: string): Promise<Result<PrivateJwk | undefined, FileKeysRefusal>> {
  let handle: FileHandle | undefined
  try {
    // No link is followed: it could point at a file that others write. (Windows has no such flag, and its own access lists.)
    handle = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
    const { mode, size, uid } = await handle.stat()
    const owner = process.getuid?.()
    if (owner !== undefined && ((mode & OTHERS) !== 0 || uid !== owner)) {
      return err({ code: 'exposed', file, detail: `mode ${(mode & 0o777).toString(8)}` })
    }
    if (size > KEY_BYTES_MAX) return err({ code: 'damaged', file, detail: 'too long' })
    return readKeyText(file, await handle.readFile('utf8'))
  } catch (cause) {
    const code = errorCode(cause)
    if (code === 'ENOENT') return ok(undefined)
    return err({ code: code === 'ELOOP' ? 'exposed' : 'unwritable', file, detail: code })
  } finally {
    await handle?.close()
  }
}

/** A private key as the file should have it. Nothing of the text is quoted. */
export function readKeyText(file: string, text: string): Result<PrivateJwk, FileKeysRefusal> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's message would quote the file.
    return err({ code: 'damaged', file, detail: 'not JSON' })
  }
  const key = keyFile.safeParse(value)
  return key.success ? ok(key.data) : err({ code: 'damaged', file, detail: 'not a private key of P-256' })
}

/** Puts the whole key under its name at once, durably: after a power cut there is a key or none, never half of one. */
async function keepKey(file: string, key: PrivateJwk): Promise<Result<void, FileKeysRefusal>> {
  const draft = `${file}.${randomUUID()}`
  try {
    const handle = await open(draft, 'wx', OWNER_ONLY_FILE)
    try {
      await handle.writeFile(`${JSON.stringify(key)}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    try {
      // A link, because it fails where a rename would replace a key that another process has just made.
      await link(draft, file)
    } catch (cause) {
      if (errorCode(cause) !== 'EEXIST') throw cause
    } finally {
      await unlink(draft)
    }
    await syncFolder(dirname(file))
    return ok()
  } catch (cause) {
    return err({ code: 'unwritable', file, detail: errorCode(cause) })
  }
}

/** Makes the file's name durable. Windows cannot open a folder, and journals names itself. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function keysOf(file: string, jwk: PrivateJwk): Promise<Result<Keys, FileKeysRefusal>> {
  try {
    const key: KeyObject = createPrivateKey({ key: { ...jwk }, format: 'jwk' })
    const signer = await signerOf(jwk)
    return ok({ signer, signNow: (data) => new Uint8Array(sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' })) })
  } catch {
    // Its numbers are no point of the curve, or do not belong together.
    return err({ code: 'damaged', file, detail: 'not a private key of P-256' })
  }
}

function errorCode(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'unknown'
}
