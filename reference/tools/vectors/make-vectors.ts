/** The known answers of the protocol, whole: docs/vectors.json is what this makes, and nothing else. */
import { toHex } from '#shared/contracts/bytes.ts'
import { advertVectors, callVectors, frameVectors, linkVectors, sealingVectors } from './derived-vectors.ts'
import { privateKeyOf, SIGNERS, vectorSigner } from './example-keys.ts'
import { statementVectors, VECTORS_TIME_S, vectorKeySet } from './statement-vectors.ts'
import { structureVectors } from './structure-vectors.ts'
import { declaredStructures } from './structures.ts'

export const VECTORS_FILE = new URL('../../../docs/vectors.json', import.meta.url)
const COMMAND = 'node reference/tools/vectors/main.ts'

export async function makeKnownAnswers() {
  const declared = await declaredStructures()
  const keys = await Promise.all(
    SIGNERS.map(async (name) => [name, { private: toHex(privateKeyOf(name)), point: toHex((await vectorSigner(name)).point) }] as const),
  )
  return {
    about: `Known answers for docs/protocol.md, version 1. Byte strings are lower-case hex. Made by ${COMMAND}; npm test compares. Signatures here are those of RFC 6979: take any valid one.`,
    frozen: 'not yet: these are frozen once the door and ticket messages exist',
    keys: Object.fromEntries(keys),
    keySet: { atS: VECTORS_TIME_S, root: toHex((await vectorSigner('root')).point), statements: await vectorKeySet() },
    structures: declared.map(structureVectors),
    statements: await Promise.all(declared.filter(({ label }) => label !== undefined).map(statementVectors)),
    frames: frameVectors(),
    adverts: advertVectors(),
    link: await linkVectors(),
    sealing: sealingVectors(),
    call: await callVectors(),
  }
}
export type KnownAnswers = Awaited<ReturnType<typeof makeKnownAnswers>>

/** As the file holds them. */
export function written(answers: KnownAnswers): string {
  return `${JSON.stringify(answers, undefined, 1)}\n`
}
