/** CBOR, COSE, and every message and signed statement of the band protocol. */
import { decodeCbor, encodeCbor } from '#shared/contracts/cbor.ts'
import { decodeSign1, encodeSign1, protectedHeader } from '#shared/contracts/cose.ts'
import type { SignedStructure, Structure } from '#shared/contracts/structure.ts'
import { peekSign1 } from '#shared/crypto/sign1.ts'
import { STRUCTURES, smallest } from '#test/support/structures.ts'
import { byteFaults } from '../byte-faults.ts'
import { cborFaults, payloadFaults } from '../cbor-faults.ts'
import { type InputMaker, judged, otherBytes, type Parser } from '../parser.ts'
import { largest } from '../structure-specimens.ts'

type Fields = Record<string, unknown>

const KID = new Uint8Array(8).fill(7)
const SIGNATURE = new Uint8Array(64).fill(9)
const headers = [protectedHeader(), protectedHeader(KID)]

/** Half of them with faults in their bytes, half with faults in what they say. */
export function either(first: InputMaker, second: InputMaker): InputMaker {
  return (seeded) => (seeded.below(2) === 0 ? first(seeded) : second(seeded))
}

function signedBytes(payload: Uint8Array): readonly Uint8Array[] {
  return headers.map((header) => encodeSign1(header, payload, SIGNATURE))
}

export function statementParsers(): readonly Parser[] {
  return [cbor(), sign1(), ...STRUCTURES.map(([name, structure]) => structureParser(name, structure))]
}

function contentsOf(structure: Structure<Fields>): readonly Uint8Array[] {
  return [structure.encode(smallest(structure)), structure.encode(largest(structure))]
}

function structureParser(name: string, structure: Structure<Fields> & { readonly label?: string }): Parser {
  const contents = contentsOf(structure)
  const { label } = structure
  if (label === undefined) {
    return {
      name,
      specimens: contents,
      make: either(byteFaults(contents), cborFaults(contents)),
      run: (input) => judged(structure.decode(input), ['malformed'], (value) => otherBytes(structure.encode(value), input)),
    }
  }
  const signed: SignedStructure<Fields> = { ...structure, label }
  const specimens = contents.flatMap(signedBytes)
  return {
    name,
    specimens,
    make: either(byteFaults(specimens), payloadFaults(specimens)),
    run: (input) =>
      judged(peekSign1(signed, input), ['malformed', 'wrong-algorithm'], ({ value, kid }) => {
        const parts = decodeSign1(input)
        if (!parts.ok) return 'what could be read cannot be taken apart'
        return otherBytes(encodeSign1(protectedHeader(kid), structure.encode(value), parts.value.signature), input)
      }),
  }
}

function cbor(): Parser {
  const specimens = [
    ...STRUCTURES.map(([, structure]) => structure.encode(smallest(structure))),
    encodeCbor([1, [2, [3, 'four']], new Uint8Array(40), new Map([[1, 'text']])]),
    encodeCbor(-1),
    encodeCbor(Number.MAX_SAFE_INTEGER),
  ]
  return {
    name: 'CBOR',
    specimens,
    make: either(byteFaults(specimens), cborFaults(specimens)),
    run: (input) => judged(decodeCbor(input), ['malformed'], (value) => otherBytes(encodeCbor(value), input)),
  }
}

function sign1(): Parser {
  const specimens = signedBytes(new Uint8Array(40).fill(1))
  return {
    name: 'COSE_Sign1',
    specimens,
    make: either(byteFaults(specimens), cborFaults(specimens)),
    run: (input) =>
      judged(decodeSign1(input), ['malformed', 'wrong-algorithm'], ({ kid, payload, signature }) =>
        otherBytes(encodeSign1(protectedHeader(kid), payload, signature), input),
      ),
  }
}
