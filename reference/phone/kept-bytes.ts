import { fromBase64Url } from '#shared/contracts/bytes.ts'

/** Bytes that this phone kept as base64url. Kept texts are our own. */
export function keptBytes(text: string): Uint8Array<ArrayBuffer> {
  return fromBase64Url(text) ?? new Uint8Array(0)
}
