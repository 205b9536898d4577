import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { completed, missingOptionals } from '#reference/tools/lock/complete-lock.ts'
import { read } from './tree.ts'

const Entry = z.looseObject({ version: z.string().optional(), optionalDependencies: z.record(z.string(), z.string()).exactOptional() })
const Lock = z.object({ packages: z.record(z.string(), Entry) })

describe('package-lock.json', () => {
  const { packages } = Lock.parse(JSON.parse(read('package-lock.json')))

  test('names the platform packages of every platform, or npm ci would refuse it (npm run lock completes it)', () => {
    expect(missingOptionals(packages)).toEqual([])
  })

  test('holds the versions of package.json', () => {
    const Groups = z.object({ dependencies: z.record(z.string(), z.string()), devDependencies: z.record(z.string(), z.string()) })
    const { dependencies, devDependencies } = Groups.parse(JSON.parse(read('package.json')))
    const wanted = { ...dependencies, ...devDependencies }
    const locked = Object.fromEntries(Object.keys(wanted).map((name) => [name, packages[`node_modules/${name}`]?.version]))
    expect(locked).toEqual(wanted)
  })
})

describe('completing', () => {
  const tool = { version: '1.2.3', dev: true, optionalDependencies: { '@tool/linux-x64-musl': '1.2.3', '@tool/darwin-arm64': '1.2.3' } }

  test('adds an entry for each missing platform, and nothing the second time', () => {
    const once = completed({ '': {}, 'node_modules/tool': tool, 'node_modules/@tool/linux-x64-musl': { version: '1.2.3' } })
    expect(once).toEqual({
      '': {},
      'node_modules/@tool/darwin-arm64': { version: '1.2.3', os: ['darwin'], cpu: ['arm64'], dev: true, optional: true },
      'node_modules/@tool/linux-x64-musl': { version: '1.2.3' },
      'node_modules/tool': tool,
    })
    expect(Object.keys(once)).toEqual(['', 'node_modules/@tool/darwin-arm64', 'node_modules/@tool/linux-x64-musl', 'node_modules/tool'])
    expect(completed(once)).toEqual(once)
  })

  test('finds a platform package where Node would: beside the package or further out', () => {
    const nested = { version: '1.2.3', optionalDependencies: { '@tool/win32-x64': '1.2.3' } }
    expect(missingOptionals({ 'node_modules/a/node_modules/tool': nested, 'node_modules/a/node_modules/@tool/win32-x64': {} })).toEqual([])
    expect(missingOptionals({ 'node_modules/a/node_modules/tool': nested, 'node_modules/@tool/win32-x64': {} })).toEqual([])
    expect(
      missingOptionals({ 'node_modules/a/node_modules/tool': nested, 'node_modules/b/node_modules/@tool/win32-x64': {} }),
    ).toHaveLength(1)
  })

  test.each([
    ['is for no platform', { fsevents: '2.3.3' }],
    ['is asked for by a range', { '@tool/darwin-arm64': '^1.2.3' }],
  ])('refuses to guess when a missing package %s', (_why, optionalDependencies) => {
    expect(() => completed({ 'node_modules/tool': { version: '1.0.0', optionalDependencies } })).toThrow('is no platform package')
  })
})
