/** What must not be found, in every form in which anybody would write it, and where it is looked for. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fromBase64Url, fromHex, toBase64Url, toHex } from '#shared/contracts/bytes.ts'

export type Needle = { readonly what: string; readonly forms: readonly Buffer[] }
export type Haystack = { readonly where: string; readonly bytes: Buffer }

export function bytesNeedle(what: string, bytes: Uint8Array): Needle {
  const hex = toHex(bytes)
  const reversed = Uint8Array.from(bytes).reverse()
  const pairs = hex.match(/../g) ?? []
  const texts = [hex, hex.toUpperCase(), toHex(reversed), pairs.join(':'), toBase64Url(bytes), Buffer.from(bytes).toString('base64')]
  const list = JSON.stringify([...bytes]).slice(1, -1)
  return { what, forms: [Buffer.from(bytes), Buffer.from(reversed), Buffer.from(list), ...texts.map((text) => Buffer.from(text))] }
}

/** A secret that is a text, such as a recovery code; bytes written as hex or base64url are looked for as bytes, too. */
export function textNeedle(what: string, text: string): Needle {
  const bytes = /^[0-9a-f]{32,}$/.test(text) ? fromHex(text) : /^[A-Za-z0-9_-]{22,}$/.test(text) ? fromBase64Url(text) : undefined
  const forms = [Buffer.from(text), Buffer.from(text.toUpperCase()), Buffer.from(text.replaceAll('-', ''))]
  return { what, forms: [...forms, ...(bytes ? bytesNeedle(what, bytes).forms : [])] }
}

/** `what in where`, for everything found. */
export function found(needles: readonly Needle[], haystacks: readonly Haystack[]): readonly string[] {
  return haystacks.flatMap(({ where, bytes }) =>
    needles.filter(({ forms }) => forms.some((form) => bytes.includes(form))).map(({ what }) => `${what} in ${where}`),
  )
}

/** Every file of a folder and of those in it, by its name; those that `isSearched` says. */
export function filesIn(folder: string, isSearched: (name: string) => boolean): readonly Haystack[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => isSearched(name) && statSync(join(folder, name)).isFile())
    .map((name) => ({ where: name, bytes: readFileSync(join(folder, name)) }))
}

/** Private keys and shared secrets in files of JSON: whatever their field is called, it holds 32 bytes in base64url. */
export function secretsIn(files: readonly Haystack[]): readonly Needle[] {
  return files.flatMap(({ where, bytes }) =>
    [...bytes.toString('utf8').matchAll(/"(?<name>d|linkKey|idKey|key)":"(?<secret>[A-Za-z0-9_-]{43})"/gu)].map(({ groups }) =>
      textNeedle(`${groups?.name} of ${where}`, groups?.secret ?? ''),
    ),
  )
}
