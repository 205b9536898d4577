/** `node reference/tools/vectors/main.ts`: writes docs/vectors.json anew. */
import { writeFileSync } from 'node:fs'
import { makeKnownAnswers, VECTORS_FILE, written } from './make-vectors.ts'

writeFileSync(VECTORS_FILE, written(await makeKnownAnswers()))
