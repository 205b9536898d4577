/** The conformance line: whatever a target, or somebody in its place, sends to the harness, and the other way round. */
import { decodeLineFrame, encodeLineFrame, type LineFrame, lineDeframer } from '#shared/contracts/conformance-line.ts'
import { judged, otherBytes, type Parser } from '../parser.ts'
import { inChunks } from '../pieces.ts'

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
    inChunks('conformance line', specimens, lineDeframer, (payload, framed) =>
      judged(decodeLineFrame(payload), ['malformed'], (frame) => otherBytes(encodeLineFrame(frame), framed)),
    ),
  ]
}
