/** Inputs that come in pieces (frames, PDUs, packets, statements): one behind the other, each after its length in two bytes. */
import { concat } from '#shared/contracts/bytes.ts'
import type { LengthPrefixed } from '#shared/contracts/length-prefixed.ts'
import { byteFaults, joined } from './byte-faults.ts'
import { type InputMaker, judged, type Outcome, type Parser } from './parser.ts'

const LENGTH_BYTES = 2
const PIECES_MAX = 160

export function joinPieces(pieces: readonly Uint8Array[]): Uint8Array {
  return joined(...pieces.flatMap((piece) => [Uint8Array.of(piece.length >> 8, piece.length & 0xff), piece]))
}

/** Never fails: the last piece is as long as there are bytes. */
export function piecesOf(input: Uint8Array): readonly Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0; at + LENGTH_BYTES <= input.length && pieces.length < PIECES_MAX; ) {
    const length = ((input[at] ?? 0) << 8) | (input[at + 1] ?? 0)
    pieces.push(input.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length))
    at += LENGTH_BYTES + length
  }
  return pieces
}

/** One piece altered (as `piece` does it, or in its bytes), left out, doubled, moved, or put in from another specimen. */
export function pieceFaults(specimens: readonly (readonly Uint8Array[])[], piece?: InputMaker): InputMaker {
  const every = specimens.flat()
  const altered = piece ?? byteFaults(every)
  return (seeded) => {
    const pieces = [...seeded.pick(specimens)]
    for (let count = 1 + seeded.below(2); count > 0; count -= 1) {
      const at = seeded.below(pieces.length + 1)
      const chosen = pieces[at] ?? seeded.pick(every)
      switch (seeded.below(8)) {
        case 0:
          pieces.splice(at, 1)
          break
        case 1:
          pieces.splice(at, 0, chosen)
          break
        case 2:
          pieces.splice(at, 1)
          pieces.splice(seeded.below(pieces.length + 1), 0, chosen)
          break
        case 3:
          pieces.splice(at, 0, seeded.pick(every))
          break
        case 4:
          pieces.splice(at, 1, altered(seeded))
          break
        default:
          pieces.splice(at, 1, byteFaults([chosen])(seeded))
      }
    }
    return joinPieces(pieces)
  }
}

/** A parser whose inputs come in pieces. */
export function inPieces(
  name: string,
  specimens: readonly (readonly Uint8Array[])[],
  run: (pieces: readonly Uint8Array[]) => Outcome | Promise<Outcome>,
): Parser {
  return { name, specimens: specimens.map(joinPieces), make: pieceFaults(specimens), run: (input) => run(piecesOf(input)) }
}

/** A parser of a stream in chunks: `judge` is given each payload, and the payload behind its length. Accepted when one payload was. */
export function inChunks(
  name: string,
  specimens: readonly (readonly Uint8Array[])[],
  openDeframer: () => LengthPrefixed,
  judge: (payload: Uint8Array, framed: Uint8Array) => Outcome,
): Parser {
  return inPieces(name, specimens, (chunks) => {
    const deframer = openDeframer()
    let decoded = 0
    for (const chunk of chunks) {
      const payloads = deframer.push(chunk)
      if (!payloads.ok) return judged(payloads, ['malformed'])
      for (const payload of payloads.value) {
        const outcome = judge(payload, concat(Uint8Array.of(payload.length >> 8, payload.length & 0xff), payload))
        if (typeof outcome === 'object') return outcome
        if (outcome === 'accepted') decoded += 1
      }
    }
    return decoded > 0 ? 'accepted' : 'refused'
  })
}
