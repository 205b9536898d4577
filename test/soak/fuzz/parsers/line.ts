/** The conformance line: whatever a target, or somebody in its place, sends to the harness, and the other way round. */
import { concat } from '#shared/contracts/bytes.ts'
import { decodeLineFrame, encodeLineFrame, type LineFrame, lineDeframer } from '#shared/contracts/conformance-line.ts'
import { judged, otherBytes, type Parser } from '../parser.ts'
import { joinPieces, pieceFaults, piecesOf } from '../pieces.ts'

const FRAMES: readonly LineFrame[] = [
  { type: 'hello', role: 'terminal' },
  { type: 'hello', role: 'phone-air' },
  { type: 'welcome' },
  { type: 'att', pdu: new Uint8Array(40).fill(8) },
  { type: 'relay', exchange: new Uint8Array(8).fill(3), message: { kind: 'forward', body: new Uint8Array(300).fill(9) } },
  { type: 'command', json: Buffer.from('{"do":"knock","count":3}') },
  { type: 'reply', json: Buffer.from('{"ok":true}') },
]

/** Accepted when a frame came out of it. */
export function lineParsers(): readonly Parser[] {
  const specimens = [FRAMES.map((frame) => encodeLineFrame(frame))]
  return [
    {
      name: 'conformance line',
      specimens: specimens.map(joinPieces),
      make: pieceFaults(specimens),
      run: (input) => {
        const deframer = lineDeframer()
        let decoded = 0
        for (const chunk of piecesOf(input)) {
          const payloads = deframer.push(chunk)
          if (!payloads.ok) return judged(payloads, ['malformed'])
          for (const payload of payloads.value) {
            const framed = concat(Uint8Array.of(payload.length >> 8, payload.length & 0xff), payload)
            const outcome = judged(decodeLineFrame(payload), ['malformed'], (frame) => otherBytes(encodeLineFrame(frame), framed))
            if (typeof outcome === 'object') return outcome
            if (outcome === 'accepted') decoded += 1
          }
        }
        return decoded > 0 ? 'accepted' : 'refused'
      },
    },
  ]
}
