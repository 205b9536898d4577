/** Signed calls and whatever else arrives in the head of an HTTP request. */
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { cookieOf, hasBody, hostOf, hostsFor, isForeignPart, isOwnOrigin, isPrefetch, pathOf } from '#main/browser/request-checks.ts'
import { readAlarmLine } from '#shared/contracts/alarms.ts'
import { fromBase64Url, fromHex, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { verifyCall } from '#shared/crypto/http-signature.ts'
import type { VerifyKey } from '#shared/crypto/keys.ts'
import type { Seeded } from '#test/support/seeded.ts'
import { byteFaults, withFaults } from '../byte-faults.ts'
import { judged, type Outcome, type Parser } from '../parser.ts'
import { joinPieces, piecesOf } from '../pieces.ts'

const NOW_S = 1_900_000_000
const CALL_ERRORS = ['unsigned', 'body-altered', 'unknown-key', 'bad-signature']
const KEY_ID = 'terminal:aurora-1'
/** SHA-256 of the empty body. */
const DIGEST = 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:'

const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, 'latin1'))
const textOf = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('latin1')

export function callParsers(): readonly Parser[] {
  return [signature(), requestHead(), encodedText(), alarmLine()]
}

/** Takes every signature of 64 bytes: what is looked at here are the headers before it. */
const anyKey: VerifyKey = { point: new Uint8Array(33), verify: async (bytes) => bytes.length === 64 }

/** Pieces: path, Content-Digest, Signature, Signature-Input, body. */
function signature(): Parser {
  const parameters = `("@method" "@path" "@query" "content-digest");created=${NOW_S};keyid="${KEY_ID}";alg="ecdsa-p256-sha256";nonce="${'0f'.repeat(16)}";tag="bandtill-1"`
  const honest = ['/v1/outbox?limit=5&x=%20y', DIGEST, `sig1=:${Buffer.alloc(64, 7).toString('base64')}:`, `sig1=${parameters}`, ''].map(
    text,
  )
  const make = (seeded: Seeded) => {
    // Mostly the two headers that have a grammar.
    const at = seeded.pick([0, 1, 2, 2, 3, 3, 3, 3, 3, 4])
    return joinPieces(honest.map((piece, index) => (index === at ? withFaults(seeded, piece) : piece)))
  }
  return {
    name: 'signed call',
    specimens: [joinPieces(honest)],
    make,
    run: async (input) => {
      const [path, digest, signed, signatureInput, body] = piecesOf(input)
      const headers = { 'content-digest': textOf(digest), signature: textOf(signed), 'signature-input': textOf(signatureInput) }
      // Node's parser lets no other target through to us.
      const url = `http://backend.invalid/${encodeURI(textOf(path)).slice(1)}`
      const call = { method: 'POST', url, body: Uint8Array.from(body ?? []), headers }
      return judged(await verifyCall(call, async (keyId) => (keyId === KEY_ID ? anyKey : undefined), NOW_S), CALL_ERRORS, (verified) =>
        verified.keyId === KEY_ID && verified.nonce !== '' && Number.isSafeInteger(verified.createdS)
          ? undefined
          : 'taken without what it must say',
      )
    },
  }
}

/** Pieces: target, Host, Origin, Cookie, Content-Length. */
function requestHead(): Parser {
  const hosts = hostsFor(4_173, true)
  const honest = ['/enter?token=abc', 'localhost:4173', 'http://localhost:4173', 'other=1; bandtill_4173=abcdef', '0'].map(text)
  const request = new IncomingMessage(new Socket())
  return {
    name: 'request to the browser host',
    specimens: [joinPieces(honest)],
    make: (seeded) => joinPieces(honest.with(seeded.below(5), withFaults(seeded, seeded.pick(honest)))),
    run: (input) => {
      const [target, host, origin, cookie, length] = piecesOf(input).map(textOf)
      request.url = target ?? ''
      request.headers = { cookie: cookie ?? '', 'content-length': length ?? '', 'sec-purpose': origin ?? '', 'sec-fetch-site': host ?? '' }
      request.headersDistinct = { host: [host ?? ''], origin: [origin ?? ''] }
      const named = hostOf(request, hosts)
      const path = pathOf(request)
      const session = cookieOf(request, 'bandtill_4173')
      if (named !== undefined && !hosts.has(named)) return { fault: 'a host that is none of ours' }
      if (path !== undefined && !path.startsWith('/')) return { fault: 'a path that is none' }
      hasBody(request)
      isForeignPart(request)
      isPrefetch(request)
      const isWhole = named !== undefined && isOwnOrigin(request, named) && path !== undefined && session !== undefined
      return isWhole ? 'accepted' : 'refused'
    },
  }
}

/** Base64url and hex, as they stand in bodies, options and files. */
function encodedText(): Parser {
  const specimens = [toBase64Url(new Uint8Array(33).fill(200)), toHex(new Uint8Array(16).fill(200)), 'AA', ''].map(text)
  return {
    name: 'base64url and hex',
    specimens,
    make: byteFaults(specimens),
    run: (input): Outcome => {
      const given = Buffer.from(input).toString('utf8')
      const bytes = fromBase64Url(given)
      const hex = fromHex(given)
      if (bytes && toBase64Url(bytes) !== given) return { fault: 'base64url that has another text' }
      if (hex && toHex(hex) !== given.toLowerCase()) return { fault: 'hex that has another text' }
      return bytes || hex ? 'accepted' : 'refused'
    },
  }
}

function alarmLine(): Parser {
  const specimens = ['capture-refused: 00 of 12', 'restored: epoch 2, series B'].map(text)
  return {
    name: 'alarm line',
    specimens,
    make: byteFaults(specimens),
    run: (input) => (readAlarmLine(Buffer.from(input).toString('utf8')).code === 'other' ? 'refused' : 'accepted'),
  }
}
