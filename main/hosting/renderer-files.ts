/**
 * The screens as files, for both hosts. What can be served is listed once, at start: a request names an entry of that list or gets
 * nothing, so no spelling of a path (`..`, `%2e`, a backslash, a null byte, a link) can lead out of the bundle.
 */
import { randomBytes } from 'node:crypto'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { err, ok, type Result } from '#shared/result.ts'
import { contentTypeOf } from './content-types.ts'
import { barePolicy, COMMON_HEADERS, type PageOrigin, screenPolicy } from './page-headers.ts'

const INDEX_PATH = '/index.html'
const NONCE_PLACEHOLDER = '__CSP_NONCE__'
const NONCE_BYTES = 18
/** The largest file of the bundle is a font slice of about 100 kB; a hundred times that is a mistake. */
const FILE_BYTES_MAX = 16 * 1024 * 1024
/** The bundle has about 120 files, most of them slices of the Chinese font. */
const FILES_MAX = 2_000
const FOLDER_DEPTH_MAX = 8
const URL_PATH_LENGTH_MAX = 512
/** The build names these files by a hash of their content, so they never change under one name. */
const HASHED_FOLDER = '/assets/'

export type Answer = {
  readonly status: 200 | 400 | 404
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array<ArrayBuffer>
}

export interface RendererFiles {
  /** The answer for a URL's path as it was sent (`/`, `/assets/x.js`), without its query. Never throws for what a request can say. */
  answer(urlPath: string, origin: PageOrigin): Promise<Answer>
}

type Listed = { readonly file: string; readonly contentType: string }

/** Lists what may be served. `not-built`: the folder has no index.html. */
export async function openRendererFiles(folder: string): Promise<Result<RendererFiles, 'not-built'>> {
  const listed = new Map<string, Listed>()
  await list(folder, '/', listed, 0)
  if (!listed.has(INDEX_PATH)) return err('not-built')
  return ok({ answer: async (urlPath, origin) => answer(listed, urlPath, origin) })
}

async function list(folder: string, urlPath: string, listed: Map<string, Listed>, depth: number): Promise<void> {
  if (depth > FOLDER_DEPTH_MAX) return
  let entries
  try {
    entries = await readdir(folder, { withFileTypes: true })
  } catch {
    // A folder that is missing or closed to us serves nothing; without index.html the caller refuses to start.
    return
  }
  for (const entry of entries) {
    const file = join(folder, entry.name)
    if (entry.isDirectory()) await list(file, `${urlPath}${entry.name}/`, listed, depth + 1)
    const contentType = contentTypeOf(extname(entry.name).toLowerCase())
    // A link is neither a file nor a folder here: it could lead anywhere.
    if (entry.isFile() && contentType !== undefined && listed.size < FILES_MAX) listed.set(urlPath + entry.name, { file, contentType })
  }
}

async function answer(listed: ReadonlyMap<string, Listed>, urlPath: string, origin: PageOrigin): Promise<Answer> {
  const path = decoded(urlPath)
  if (path === undefined) return plain(400, 'Bad request\n')
  const found = listed.get(path === '/' ? INDEX_PATH : path)
  const bytes = found && (await contentOf(found.file))
  if (!found || !bytes) return plain(404, 'Not found\n')
  if (found.file.endsWith('.html')) return page(bytes, found.contentType, origin)
  const lasting = path.startsWith(HASHED_FOLDER)
  return {
    status: 200,
    headers: {
      ...COMMON_HEADERS,
      'content-type': found.contentType,
      'content-security-policy': barePolicy(),
      'cache-control': lasting ? 'private, max-age=31536000, immutable' : 'no-cache',
    },
    body: bytes,
  }
}

/** The path with its percent signs resolved once. Undefined when it is not a path that a browser would send. */
function decoded(urlPath: string): string | undefined {
  if (!urlPath.startsWith('/') || urlPath.length > URL_PATH_LENGTH_MAX) return undefined
  try {
    return decodeURIComponent(urlPath)
  } catch {
    return undefined
  }
}

/** The file's bytes, or undefined when it is gone, has become a link, or cannot be the file that was built. */
async function contentOf(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const found = await lstat(file)
    if (!found.isFile() || found.size > FILE_BYTES_MAX) return undefined
    return Uint8Array.from(await readFile(file))
  } catch {
    // The bundle was removed or replaced under us: to the page that is a missing file.
    return undefined
  }
}

/** A page with a nonce of its own, in the markup and in the policy. */
function page(bytes: Uint8Array, contentType: string, origin: PageOrigin): Answer {
  const nonce = randomBytes(NONCE_BYTES).toString('base64')
  const markup = Buffer.from(bytes).toString('utf8').replaceAll(NONCE_PLACEHOLDER, nonce)
  return {
    status: 200,
    headers: {
      ...COMMON_HEADERS,
      'content-type': contentType,
      'content-security-policy': screenPolicy(nonce, origin),
      'cache-control': 'no-store',
    },
    body: Uint8Array.from(Buffer.from(markup)),
  }
}

function plain(status: 400 | 404, text: string): Answer {
  return {
    status,
    headers: {
      ...COMMON_HEADERS,
      'content-type': 'text/plain; charset=utf-8',
      'content-security-policy': barePolicy(),
      'cache-control': 'no-store',
    },
    body: Uint8Array.from(Buffer.from(text)),
  }
}
