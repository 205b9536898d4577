import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '#shared/assert.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import { randomBytes } from '#shared/crypto/keys.ts'
import { type Options, TOKEN_LENGTH_MIN } from './options.ts'

const TOKEN_BYTES = 32

/** The operator's token: from the environment, from the file named, or one made at the first start, readable by its owner only. */
export function openOperatorToken(options: Options): string {
  if (options.operatorToken !== undefined) return options.operatorToken
  const file = options.operatorTokenFile ?? join(options.dataDir, 'operator-token')
  if (!existsSync(file)) {
    assert(options.operatorTokenFile === undefined, `there is no operator token file ${file}`)
    writeFileSync(file, `${toBase64Url(randomBytes(TOKEN_BYTES))}\n`, { mode: 0o600, flag: 'wx' })
  }
  const token = readFileSync(file, 'utf8').trim()
  assert(token.length >= TOKEN_LENGTH_MIN, `the operator token in ${file} is shorter than ${TOKEN_LENGTH_MIN} characters`)
  return token
}
