/** The practice world's own memory: who lives in it and their keys. One file, readable by its owner only; practice keys, never real ones. */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import { generatePrivateJwk } from '#shared/crypto/keys.ts'
import { ID_KEY_BYTES } from '../band/advert.ts'
import { CUSTOMER_IDS } from './customers.ts'

const FILE_NAME = 'world-state.json'
const OWNER_ONLY = 0o600
const FOLDER_OWNER_ONLY = 0o700
const MACHINE_ID_BYTES = 16
const ENROLMENT_CODE_BYTES = 12

const machineId = z.string().regex(/^[0-9a-f]{32}$/)
const jwk = z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string(), d: z.string() })
const customerKeys = z.strictObject({
  accountId: machineId,
  phoneId: machineId,
  bandId: machineId,
  phoneKey: jwk,
  bandKey: jwk,
  /** 32 bytes, base64url. */
  idKey: z.string().length(43),
  epoch: z.int().min(1),
})
export type CustomerKeys = z.output<typeof customerKeys>
const worldState = z.strictObject({ enrolmentCode: z.string().min(8), customers: z.record(z.enum(CUSTOMER_IDS), customerKeys) })
export type WorldState = z.output<typeof worldState>

/** Reads the state kept in `folder`, or makes a new world when there is none. Throws when the file is there but is not one of ours. */
export async function openWorldState(folder: string): Promise<WorldState> {
  await mkdir(folder, { recursive: true, mode: FOLDER_OWNER_ONLY })
  const path = join(folder, FILE_NAME)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text !== undefined) return worldState.parse(JSON.parse(text))
  const made = await newWorld()
  await writeWhole(path, JSON.stringify(made, undefined, 2))
  return made
}

/** Whole or not at all, and on disk when this resolves. */
async function writeWhole(path: string, text: string): Promise<void> {
  const partial = `${path}.partial`
  const file = await open(partial, 'w', OWNER_ONLY)
  await file.writeFile(text)
  await file.sync()
  await file.close()
  await rename(partial, path)
}

async function newWorld(): Promise<WorldState> {
  const customers = await Promise.all(CUSTOMER_IDS.map(async (id) => [id, await newCustomer()] as const))
  return worldState.parse({ enrolmentCode: toBase64Url(randomBytes(ENROLMENT_CODE_BYTES)), customers: Object.fromEntries(customers) })
}

async function newCustomer(): Promise<CustomerKeys> {
  const machine = () => randomBytes(MACHINE_ID_BYTES).toString('hex')
  return {
    accountId: machine(),
    phoneId: machine(),
    bandId: machine(),
    phoneKey: await generatePrivateJwk(),
    bandKey: await generatePrivateJwk(),
    idKey: toBase64Url(randomBytes(ID_KEY_BYTES)),
    epoch: 1,
  }
}
