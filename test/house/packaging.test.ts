import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { ROOT, read } from './tree.ts'

/**
 * The installers cannot be made where Electron's binary cannot be fetched, but what they would be made from can be checked anywhere:
 * electron-builder.yml against the packager's own schema, and its file patterns through the packager's own matcher.
 */

/** The packager's own copies of what it is made of, so that the schema and its validator are the ones it will use. */
const requireAsPackager = createRequire(createRequire(join(ROOT, 'package.json')).resolve('electron-builder/package.json'))
const requireInside = createRequire(requireAsPackager.resolve('app-builder-lib/package.json'))

type Validate = ((config: unknown) => boolean) & {
  readonly errors?: readonly { readonly message?: string; readonly instancePath: string }[] | null
}
type Matcher = { createFilter(): (path: string, stat: { isDirectory(): boolean; isFile(): boolean }) => boolean }
type FileMatching = {
  readonly FileMatcher: new (from: string, to: string, expand: (text: string) => string, patterns: readonly string[]) => Matcher
  readonly getNodeModuleFileMatcher: (
    from: string,
    to: string,
    expand: (text: string) => string,
    platform: object,
    packager: { config: unknown; debugLogger: { isEnabled: boolean } },
  ) => Matcher
}

const Config = z
  .object({ files: z.array(z.string()), electronFuses: z.record(z.string(), z.boolean()), mac: z.record(z.string(), z.unknown()) })
  .loose()
const { load } = requireInside('js-yaml') as { readonly load: (text: string) => unknown }
const config = Config.parse(load(read('electron-builder.yml')))

function validator(): Validate {
  const { default: Ajv } = requireInside('ajv') as { default: new (options: object) => { compile(schema: unknown): Validate } }
  return new Ajv({ strict: false, allowUnionTypes: true }).compile(requireInside('./scheme.json'))
}

describe('electron-builder.yml', () => {
  test('is what the packager understands', () => {
    const validate = validator()
    const accepted = validate(config)
    expect(accepted, JSON.stringify(validate.errors)).toBe(true)
  })

  test.each([
    ['an unknown option', { ...config, appIdd: 'x' }],
    ['an unknown fuse', { ...config, electronFuses: { ...config.electronFuses, runAsNodes: false } }],
    ['a fuse that is no yes or no', { ...config, electronFuses: { ...config.electronFuses, runAsNode: 'off' } }],
  ])('would be refused with %s', (_name, wrong) => {
    expect(validator()(wrong)).toBe(false)
  })

  test('blows every fuse that would let the program be used as something else', () => {
    expect(config.electronFuses).toEqual({
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      enableCookieEncryption: true,
      grantFileProtocolExtraPrivileges: false,
      loadBrowserProcessSpecificV8Snapshot: false,
      resetAdHocDarwinSignature: true,
    })
  })

  test('says on a Mac why it wants Bluetooth', () => {
    expect(config.mac.extendInfo).toEqual({ NSBluetoothAlwaysUsageDescription: expect.stringMatching(/\w+ \w+/u) as unknown })
  })
})

describe('the files of the installer', () => {
  const { FileMatcher, getNodeModuleFileMatcher } = requireInside('./out/fileMatcher.js') as FileMatching
  const same = (text: string) => text
  const ownFiles = new FileMatcher('/app', '/out', same, config.files).createFilter()
  const packageFiles = getNodeModuleFileMatcher('/app', '/out', same, {}, { config, debugLogger: { isEnabled: false } }).createFilter()
  const file = { isDirectory: () => false, isFile: () => true }
  const font = (path: string) => `/app/node_modules/@expo-google-fonts/${path}`

  test.each(['dist/main/main.js', 'dist/preload/preload.cjs', 'dist/renderer/index.html', 'package.json'])('include %s', (path) => {
    expect(ownFiles(`/app/${path}`, file)).toBe(true)
  })

  test.each(['dist/installers/old.exe', 'reference/practice/world.ts', 'test/house/tree.ts', '.cache/types/x.d.ts', 'practice.sqlite'])(
    'leave out %s',
    (path) => {
      expect(ownFiles(`/app/${path}`, file)).toBe(false)
    },
  )

  test('include of the receipt fonts the weight that is printed with', () => {
    const wanted = [
      'noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf',
      'noto-sans-sc/package.json',
      'roboto-mono/400Regular/RobotoMono_400Regular.ttf',
    ]
    const unwanted = [
      'noto-sans-sc/500Medium/NotoSansSC_500Medium.ttf',
      'noto-sans-sc/font-family.png',
      'roboto-mono/400Regular_Italic/RobotoMono_400Regular_Italic.ttf',
    ]
    expect([...unwanted, ...wanted].filter((path) => packageFiles(font(path), file))).toEqual(wanted)
  })

  test('include of the packages what runs, native code too', () => {
    const paths = ['zod/index.js', 'zod/index.d.ts', 'better-sqlite3/prebuilds/linux-x64.node', 'better-sqlite3/deps/sqlite3/sqlite3.c']
    expect(paths.filter((path) => packageFiles(`/app/node_modules/${path}`, file))).toEqual([paths[0], paths[2]])
  })
})
