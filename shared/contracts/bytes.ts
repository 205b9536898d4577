/** Small byte helpers that need neither Node nor a browser. */

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let index = 0; index < a.length; index += 1) difference |= (a[index] ?? 0) ^ (b[index] ?? 0)
  return difference === 0
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX[byte] ?? ''
  return text
}

/** Bytes of a hex text, or undefined when it is not hex. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16)
  return bytes
}

/** A machine id as it travels: its 16 bytes. */
export function idBytes(id: string): Uint8Array {
  return fromHex(id) ?? new Uint8Array()
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** What each letter stands for, by its code. */
const SEXTETS: readonly (number | undefined)[] = Array.from({ length: 128 }, (_, code) => {
  const value = BASE64URL.indexOf(String.fromCharCode(code))
  return value < 0 ? undefined : value
})

/** RFC 4648 §5 without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  let text = ''
  for (let index = 0; index < bytes.length; index += 3) {
    const left = bytes.length - index
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0)
    text += BASE64URL.charAt(group >> 18) + BASE64URL.charAt((group >> 12) & 63)
    if (left > 1) text += BASE64URL.charAt((group >> 6) & 63)
    if (left > 2) text += BASE64URL.charAt(group & 63)
  }
  return text
}

/** Bytes of an unpadded base64url text, or undefined when it is not one (wrong letters, impossible length, stray bits at the end). */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 === 1) return undefined
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let bits = 0
  let bitCount = 0
  let offset = 0
  for (let index = 0; index < text.length; index += 1) {
    const value = SEXTETS[text.charCodeAt(index)]
    if (value === undefined) return undefined
    bits = ((bits << 6) | value) & 0xfff_ffff
    bitCount += 6
    if (bitCount >= 8) {
      bitCount -= 8
      bytes[offset] = (bits >> bitCount) & 0xff
      offset += 1
    }
  }
  return (bits & ((1 << bitCount) - 1)) === 0 ? bytes : undefined
}
