import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { completed, missingOptionals, type Packages } from './complete-lock.ts'

/** `npm run lock`: completes package-lock.json after a package was added or changed. See complete-lock.ts for why. */

const Shape = z.looseObject({
  packages: z.record(z.string(), z.looseObject({ optionalDependencies: z.record(z.string(), z.string()).optional() })),
})
/** Checked, but handed on as it was read: the order of its keys is npm's and shall stay so. */
const Lock = z.custom<{ readonly packages: Packages }>((value) => Shape.safeParse(value).success, 'this is no package-lock.json')

const path = process.argv[2] ?? join(import.meta.dirname, '../../../package-lock.json')
const lock = Lock.parse(JSON.parse(readFileSync(path, 'utf8')))
const missing = missingOptionals(lock.packages)
if (missing.length > 0) writeFileSync(path, `${JSON.stringify({ ...lock, packages: completed(lock.packages) }, undefined, 2)}\n`)
console.log(
  missing.length === 0 ? 'package-lock.json is complete.' : `Completed package-lock.json with ${missing.length} platform packages.`,
)
