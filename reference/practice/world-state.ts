/** The practice world's own memory: who lives in it and their keys. One file, readable by its owner only; practice keys, never real ones. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { machineId } from '#shared/contracts/backend-api.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import { generatePrivateJwk, randomBytes } from '#shared/crypto/keys.ts'
import { CUSTOMER_IDS } from './customers.ts'
import { newHexId, privateJwk } from './kept-keys.ts'
import { readWhole, writeWhole } from './whole-file.ts'

const FILE_NAME = 'world-state.json'
const FOLDER_OWNER_ONLY = 0o700
const ENROLMENT_CODE_BYTES = 12

const customerKeys = z.strictObject({
  accountId: machineId,
  phoneId: machineId,
  bandId: machineId,
  phoneKey: privateJwk,
  /** What the band left the factory with. Its keys of each pairing are made when it is paired. */
  factoryKey: privateJwk,
})
export type CustomerKeys = z.output<typeof customerKeys>
const worldState = z.strictObject({ enrolmentCode: z.string().min(8), customers: z.record(z.enum(CUSTOMER_IDS), customerKeys) })
export type WorldState = z.output<typeof worldState>
/** Of a world made before bands were paired, only the till's code is of use: its people are replaced. */
const earlierWorld = z.looseObject({
  enrolmentCode: z.string().min(8),
  customers: z.record(z.string(), z.looseObject({ bandKey: privateJwk, idKey: z.string() })),
})

/** Reads the state kept in `folder`, or makes a new world when there is none. Throws when the file is there but is not one of ours. */
export async function openWorldState(folder: string): Promise<WorldState> {
  await mkdir(folder, { recursive: true, mode: FOLDER_OWNER_ONLY })
  const path = join(folder, FILE_NAME)
  const text = await readWhole(path)
  const content: unknown = text === undefined ? undefined : JSON.parse(text)
  const earlier = earlierWorld.safeParse(content)
  if (text !== undefined && !earlier.success) return worldState.parse(content)
  const made = await newWorld(earlier.data?.enrolmentCode)
  await writeWhole(path, JSON.stringify(made, undefined, 2))
  return made
}

async function newWorld(code = toBase64Url(randomBytes(ENROLMENT_CODE_BYTES))): Promise<WorldState> {
  const customers = await Promise.all(CUSTOMER_IDS.map(async (id) => [id, await newCustomer()] as const))
  return worldState.parse({ enrolmentCode: code, customers: Object.fromEntries(customers) })
}

async function newCustomer(): Promise<CustomerKeys> {
  return {
    accountId: newHexId(),
    phoneId: newHexId(),
    bandId: newHexId(),
    phoneKey: await generatePrivateJwk(),
    factoryKey: await generatePrivateJwk(),
  }
}
