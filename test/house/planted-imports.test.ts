import { posix } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Overlay } from './tree.ts'

/**
 * Goal: the walls between the folders are real. Method: in a copy of the repository, plant imports that must be refused, next to imports
 * that must be allowed, then ask the compiler and the linter about all of them at once. Every import aims at a file that exists and
 * compiles by itself, so that nothing but the wall can refuse it.
 */

type By = 'linter' | 'both'
type Plant = readonly [folder: string, code: string, by: By]

/** What each plant aims at. Every plant has a target of its own, because the compiler names a foreign file only where it meets it first. */
const TARGET = 'export const target = 1\nexport type Target = number\n'

const from = (specifier: string) => `import { target } from '${specifier}'\nexport const planted = target\n`
const all = (specifier: string) => `import * as all from '${specifier}'\nexport const planted = all\n`
const types = (specifier: string) => `import type { Target } from '${specifier}'\nexport type Planted = Target\n`

const REFUSED: readonly Plant[] = [
  // Between the parts: the compiler's references and the linter's table both say no.
  ['shared/domain', from('#main/target.ts'), 'both'],
  ['shared/domain', from('../../renderer/target.ts'), 'both'],
  ['shared/domain', all('node:fs'), 'both'],
  ['shared/contracts', from('#reference/backend/target.ts'), 'both'],
  ['shared/contracts', from('#shared/crypto/target.ts'), 'both'],
  ['shared/contracts', all('node:fs'), 'both'],
  ['shared/crypto', from('#reference/phone/target.ts'), 'both'],
  ['shared/crypto', all('node:crypto'), 'both'],
  ['main', from('#main/electron/target.ts'), 'both'],
  ['main', from('./browser/target.ts'), 'both'],
  ['main', from('#reference/practice/target.ts'), 'both'],
  ['main/api', from('#main/target.ts'), 'both'],
  ['main/api', from('../ledger/target.ts'), 'both'],
  ['main/payments', from('#reference/backend/target.ts'), 'both'],
  ['main/payments', from('../../renderer/target.ts'), 'both'],
  ['main/payments', from('../electron/target.ts'), 'both'],
  ['main/browser', from('../electron/target.ts'), 'both'],
  ['main/browser', from('#reference/band/target.ts'), 'both'],
  ['main/electron', from('#main/browser/target.ts'), 'both'],
  ['renderer', from('#main/target.ts'), 'both'],
  ['renderer/screens', from('#reference/phone/target.ts'), 'both'],
  ['renderer/screens', from('#main/ledger/target.ts'), 'both'],
  ['reference/band', from('#reference/phone/target.ts'), 'both'],
  ['reference/band', from('#main/target.ts'), 'both'],
  ['reference/band', all('node:fs'), 'both'],
  ['reference/phone', from('#reference/backend/target.ts'), 'both'],
  ['reference/phone', from('../band/target.ts'), 'both'],
  ['reference/phone', all('node:fs'), 'both'],
  ['reference/backend', from('#main/target.ts'), 'both'],
  ['reference/backend', from('#reference/practice/target.ts'), 'both'],
  ['reference/practice', from('#main/target.ts'), 'both'],
  ['reference/practice', from('#reference/backend/target.ts'), 'both'],
  ['reference/tools', from('../../renderer/target.ts'), 'both'],
  ['main', from('#test/support/target.ts'), 'both'],
  ['main/payments', from('../../test/support/target.ts'), 'both'],
  ['renderer/screens', from('#test/support/target.ts'), 'both'],
  ['reference/tools', from('#test/support/target.ts'), 'both'],

  // Within a part, and packages: the linter alone can see these.
  ['shared/domain', all('zod'), 'linter'],
  ['shared/domain', from('#shared/contracts/target.ts'), 'linter'],
  ['shared/domain', from('../contracts/target.ts'), 'linter'],
  ['shared/domain', "export const planted = import('zod')\n", 'linter'],
  ['shared/domain', "export type Planted = import('zod').ZodType\n", 'linter'],
  ['shared/contracts', all('jose'), 'linter'],
  ['shared/contracts', all('@hpke/core'), 'linter'],
  ['main', all('better-sqlite3'), 'linter'],
  ['main', all('ws'), 'linter'],
  ['main', from('./ledger/inner/target.ts'), 'linter'],
  ['main/api', all('ws'), 'linter'],
  ['main/payments', from('../ledger/target.ts'), 'linter'],
  ['main/payments', from('#main/ledger/target.ts'), 'linter'],
  ['main/payments', from('./../ledger/target.ts'), 'linter'],
  ['main/payments', from('../payments/../ledger/target.ts'), 'linter'],
  ['main/payments', from('#main/target.ts'), 'linter'],
  ['main/payments/inner', from('../../ledger/target.ts'), 'linter'],
  ['main/payments', types('#main/ledger/inner/target.ts'), 'linter'],
  ['main/payments/inner', types('../../ledger/inner/target.ts'), 'linter'],
  ['main/payments', all('electron'), 'linter'],
  ['main/payments', all('@abandonware/noble'), 'linter'],
  ['main/payments', all('better-sqlite3'), 'linter'],
  ['main/payments', all('react'), 'linter'],
  ['main/payments', all('ws'), 'linter'],
  ['main/payments', all('node:http'), 'linter'],
  ['main/payments', all('node:fs/promises'), 'linter'],
  ['main/payments', "export const planted = import('better-sqlite3')\n", 'linter'],
  ['main/sync', all('better-sqlite3'), 'linter'],
  ['main/store', from('../ledger/target.ts'), 'linter'],
  ['main/store', from('../target.ts'), 'linter'],
  ['main/hosting', from('../electron/target.ts'), 'both'],
  ['main/radio', all('electron'), 'linter'],
  ['main/browser', all('electron'), 'linter'],
  ['main/browser', all('better-sqlite3'), 'linter'],
  ['main/browser', all('react'), 'linter'],
  ['main/electron', all('ws'), 'linter'],
  ['renderer/screens', all('@trpc/client'), 'linter'],
  ['renderer/screens', types('#main/api/target.ts'), 'linter'],
  ['renderer/screens', types('#main/api/router.ts'), 'linter'],
  ['renderer/screens', all('node:fs'), 'linter'],
  ['renderer/screens', from('#shared/crypto/target.ts'), 'linter'],
  ['renderer/flows', all('react'), 'linter'],
  ['renderer/flows', from('../screens/target.ts'), 'linter'],
  ['reference/band', all('ws'), 'linter'],
  ['reference/phone', all('fastify'), 'linter'],
  ['reference/practice', all('better-sqlite3'), 'linter'],
  ['reference/practice', all('kysely'), 'linter'],
  ['reference/tools', from('#main/electron/target.ts'), 'both'],
  ['reference/tools', all('fastify'), 'linter'],
]

const ALLOWED: readonly (readonly [folder: string, code: string])[] = [
  ['shared/domain', from('./target.ts')],
  ['shared/contracts', from('#shared/domain/target.ts')],
  ['shared/crypto', from('#shared/contracts/target.ts')],
  ['main', from('./ledger/target.ts')],
  ['main', from('#main/ledger/target.ts')],
  ['main/ledger', from('./inner/target.ts')],
  ['main/ledger/inner', from('../target.ts')],
  ['main/payments', "export type * from '../ports.ts'\n"],
  ['main/payments', types('#main/ledger/target.ts')],
  ['main/payments/inner', types('../../ledger/target.ts')],
  ['main/hosting', from('../api/target.ts')],
  ['main/api', all('@trpc/server')],
  ['main/store', all('node:fs/promises')],
  ['main/browser', from('#main/ledger/target.ts')],
  ['main/browser', from('../target.ts')],
  ['renderer/screens', from('../target.ts')],
  ['reference/practice', from('#reference/band/target.ts')],
  ['reference/tools', from('#main/ledger/target.ts')],
  ['test/support', from('#main/target.ts')],
]

/** Faults that are no imports: the linter must be awake for these too. */
const FAULTS: readonly (readonly [folder: string, code: string, rule: string])[] = [
  ['shared/domain', 'export const planted = () => Date.now()\n', 'no-restricted-globals'],
  ['shared/contracts', 'export const planted = () => new Date()\n', 'no-restricted-globals'],
  ['shared/domain', 'export const planted = () => Math.random()\n', 'no-restricted-properties'],
  ['main/ledger', 'export const planted = (value: any) => String(value)\n', 'no-explicit-any'],
  ['main/ledger', "export function planted() {\n  Promise.reject(new Error('lost'))\n}\n", 'no-floating-promises'],
  ['main/ledger', 'export const planted = [1].filter(async (one) => one > 1)\n', 'no-misused-promises'],
  ['main/ledger', "export const planted = () => console.log('here')\n", 'no-console'],
  ['main/ledger', `export const planted = [\n${'  1,\n'.repeat(400)}]\n`, 'max-lines'],
  ['main/ledger', `export function planted() {\n${'  String(1)\n'.repeat(70)}}\n`, 'max-lines-per-function'],
  [
    'renderer/screens',
    "import { useState } from 'react'\nexport const Planted = (props: { on: boolean }) => (props.on ? useState(1)[0] : null)\n",
    'rules-of-hooks',
  ],
  ['renderer/screens', 'export const planted = <img src="x.png" />\n', 'alt-text'],
]

const RESTRICTED = 'eslint(no-restricted-imports)'
const TYPE_IMPORT = 'typescript(consistent-type-imports)'

type Diagnostics = { readonly diagnostics: readonly { readonly filename: string; readonly code?: string }[] }

const overlays: Overlay[] = []
function newOverlay(): Overlay {
  const overlay = new Overlay()
  overlays.push(overlay)
  return overlay
}
afterAll(() => {
  for (const overlay of overlays) overlay.remove()
})

function lintCodes(overlay: Overlay): Map<string, Set<string>> {
  const report = JSON.parse(overlay.run('oxlint', ['--format=json']).output) as Diagnostics
  const codes = new Map<string, Set<string>>()
  for (const { filename, code = '' } of report.diagnostics) codes.set(filename, (codes.get(filename) ?? new Set()).add(code))
  return codes
}

/** Files the compiler complains about, with the complaints. */
function compilerErrors(overlay: Overlay): Map<string, string> {
  const errors = new Map<string, string>()
  for (const line of overlay.run('tsc', ['-b', '--pretty', 'false']).output.split('\n')) {
    const match = /^(?<file>[^(\s][^(]*)\(\d+,\d+\): error (?<text>.*)$/u.exec(line)
    if (match?.groups) errors.set(match.groups.file ?? '', `${errors.get(match.groups.file ?? '') ?? ''}${match.groups.text ?? ''}\n`)
  }
  return errors
}

const RENDERER = /^renderer\b/u

/** Targets that exist already: the plants name nothing that is in them. */
const REAL = new Set(['main/ports.ts', 'main/api/router.ts'])

/** Where `specifier` in a file of `folder` points to, or nothing for a package. */
function aim(folder: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1)
  return specifier.startsWith('.') ? posix.join(folder, specifier) : undefined
}

/** Writes the plants into the overlay, each with its target, and returns their file names. */
function plant(overlay: Overlay, word: string, plants: readonly (readonly [folder: string, code: string, ...rest: string[]])[]): string[] {
  return plants.map(([folder, code], index) => {
    const own = code.replace('target.ts', `target-${word}-${index}.ts`)
    const specifier = /'(?<specifier>[^']+)'/u.exec(own)?.groups?.specifier ?? ''
    const target = aim(folder, specifier)
    if (target !== undefined && !REAL.has(target)) overlay.write(target, TARGET)
    const file = `${folder}/planted-${word}-${index}.ts${RENDERER.test(folder) ? 'x' : ''}`
    overlay.write(file, own)
    return file
  })
}

const numbered = <T extends readonly unknown[]>(plants: readonly T[]) => plants.map((one, index) => [index, ...one] as const)
const seenByCompiler = REFUSED.filter(([, , by]) => by === 'both')

describe('the linter', () => {
  let codes = new Map<string, Set<string>>()
  let refused: string[] = []
  let allowed: string[] = []
  let faults: string[] = []
  beforeAll(() => {
    const overlay = newOverlay()
    refused = plant(overlay, 'refused', REFUSED)
    allowed = plant(overlay, 'allowed', ALLOWED)
    faults = plant(overlay, 'fault', FAULTS)
    overlay.write('main/ledger/round.ts', "import { about } from './about.ts'\nexport const round: number = about + 1\n")
    overlay.write('main/ledger/about.ts', "import { round } from './round.ts'\nexport const about: number = round + 1\n")
    codes = lintCodes(overlay)
  })
  const found = (file = '') => [...(codes.get(file) ?? [])]

  test.each(numbered(REFUSED))('refuses %i: in %s %j', (index, _folder, code) => {
    expect(found(refused[index])).toContain(code.startsWith('export type Planted = import') ? TYPE_IMPORT : RESTRICTED)
  })

  test.each(numbered(ALLOWED))('allows %i: in %s %j', (index) => {
    expect(found(allowed[index])).toEqual([])
  })

  test.each(numbered(FAULTS))('finds %i: in %s %j, by %s', (index, _folder, _code, rule) => {
    expect(found(faults[index]).join(' ')).toContain(`(${rule})`)
  })

  test('refuses a circle of two files', () => {
    expect(found('main/ledger/round.ts')).toContain('import(no-cycle)')
  })
})

describe('the compiler', () => {
  let errors = new Map<string, string>()
  let refused: string[] = []
  let allowed: string[] = []
  beforeAll(() => {
    const overlay = newOverlay()
    refused = plant(overlay, 'refused', seenByCompiler)
    allowed = plant(overlay, 'allowed', ALLOWED)
    errors = compilerErrors(overlay)
  })

  // TS6307: a file of a part that is not referenced. TS2307, TS2591: Node's modules, in a part that is not written for Node.
  test.each(numbered(seenByCompiler))('refuses %i: in %s %j', (index) => {
    expect(errors.get(refused[index] ?? '') ?? 'the compiler said nothing').toMatch(/TS6307|TS2307|TS2591/u)
  })

  test.each(numbered(ALLOWED))('allows %i: in %s %j', (index) => {
    expect(errors.get(allowed[index] ?? '')).toBeUndefined()
  })
})
