import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { isText, read, repositoryFiles } from './tree.ts'

/** What no linter asks: that the words about the repository are true of it, and that nothing lies about that does not belong. */

const FILES = repositoryFiles()
const SOURCES = FILES.filter((file) => /\.(?:ts|tsx|cjs|mjs|js)$/u.test(file))
const PRODUCT = SOURCES.filter((file) => /^(?:main|renderer|shared|reference)\//u.test(file))
/** Found in a lock file or a vendored text, these words are not ours. */
const FOREIGN = new Set(['package-lock.json', 'LICENSE'])

/** Words this file must name without containing them. */
const word = (...parts: string[]) => parts.join('')

type Finding = string
function findLines(files: readonly string[], pattern: RegExp): Finding[] {
  return files.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim().slice(0, 120)}`] : [])),
  )
}

/** Folders that hold files, `depth` levels below `parent`. */
function foldersIn(parent: string): string[] {
  const prefix = parent === '' ? '' : `${parent}/`
  const names = FILES.filter((file) => file.startsWith(prefix) && file.slice(prefix.length).includes('/')).map(
    (file) => `${prefix}${file.slice(prefix.length).split('/')[0] ?? ''}`,
  )
  return [...new Set(names)].sort()
}

describe('ARCHITECTURE.md', () => {
  /** The rows of the table whose first column is headed `folder`: `main/radio/` in backticks or plain. */
  function foldersInDoc(): string[] {
    expect(FILES, 'ARCHITECTURE.md is missing').toContain('ARCHITECTURE.md')
    const lines = read('ARCHITECTURE.md').split('\n')
    const cell = (line: string) => (line.split('|')[1] ?? '').trim().replaceAll('`', '')
    const start = lines.findIndex((line) => line.startsWith('|') && cell(line).toLowerCase() === 'folder')
    expect(start, "ARCHITECTURE.md has no table with a first column 'folder'").toBeGreaterThanOrEqual(0)
    const rest = lines.slice(start + 2)
    const end = rest.findIndex((line) => !line.startsWith('|'))
    return rest.slice(0, end === -1 ? undefined : end).map((line) => cell(line).replace(/\/$/u, ''))
  }

  test('names each folder once, and only folders that exist', () => {
    const named = foldersInDoc()
    expect(named.filter((folder, index) => named.indexOf(folder) !== index)).toEqual([])
    expect(named.filter((folder) => !FILES.some((file) => file.startsWith(`${folder}/`)))).toEqual([])
  })

  test('names every top folder and every part and feature below it', () => {
    const tops = foldersIn('').filter((folder) => !folder.startsWith('.'))
    const parts = ['main', 'shared', 'reference'].flatMap(foldersIn)
    const named = foldersInDoc()
    expect([...tops, ...parts].filter((folder) => !named.includes(folder))).toEqual([])
  })
})

describe('packages', () => {
  const Manifest = z.object({
    dependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
    optionalDependencies: z.record(z.string(), z.string()).default({}),
    scripts: z.record(z.string(), z.string()),
  })
  const manifest = Manifest.parse(JSON.parse(read('package.json')))
  const packages = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }

  test('have exact versions', () => {
    const loose = Object.entries(packages).filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/u.test(version))
    expect(loose).toEqual([])
  })

  test('each have one line in docs/dependencies.md, and no line is left of a package that went', () => {
    const rows = [...read('docs/dependencies.md').matchAll(/^\| `(?<name>[^`]+)` \|/gmu)].map((row) => row.groups?.name ?? '')
    expect(rows.toSorted()).toEqual(Object.keys(packages).sort())
  })

  test('are all found by the version check first: every script starts with it', () => {
    const unchecked = Object.entries(manifest.scripts).filter(
      ([, command]) => !command.startsWith('node reference/tools/check-node.cjs && '),
    )
    expect(unchecked).toEqual([])
  })
})

describe('sources', () => {
  test('carry no note of unfinished work', () => {
    const unfinished = new RegExp(`\\b(?:${word('TO', 'DO')}|${word('FIX', 'ME')}|${word('X', 'XX')}|${word('HA', 'CK')})\\b`, 'u')
    expect(
      findLines(
        FILES.filter((file) => isText(file) && !FOREIGN.has(file)),
        unfinished,
      ),
    ).toEqual([])
  })

  test('silence the tools at most three times, each with a reason', () => {
    const tools = [
      word('oxlint', '-disable'),
      word('eslint', '-disable'),
      word('biome', '-ignore'),
      word('@ts', '-'),
      word('@knip', 'ignore'),
    ]
    const found = findLines(SOURCES, new RegExp(tools.join('|'), 'u'))
    expect(found.filter((line) => !/(?: -- |: )\S+ \S+/u.test(line.slice(line.indexOf('//'))))).toEqual([])
    expect(found.length, found.join('\n')).toBeLessThanOrEqual(3)
  })

  test('name no folder of a machine and no package registry', () => {
    const folders = ['work', 'root', 'home', 'Users'].map((folder) => `/${folder}/`).join('|')
    const machine = new RegExp(
      `(?<![\\w.*}-])(?:${folders})[\\w.]|[A-Z]:\\\\\\\\?Users|https?://[^/\\s'"]*(?:${word('regis', 'try')}|artifactory|${word('npm', 'js')})`,
      'u',
    )
    const texts = FILES.filter(isText)
    expect(texts).toContain('package-lock.json')
    expect(findLines(texts, machine)).toEqual([])
  })

  test('import the Bluetooth library in one file at most', () => {
    const noble = /(?:from|import|require)\s*\(?\s*['"]@(?:abandonware|stoprocent)\/noble/u
    expect(PRODUCT.filter((file) => noble.test(read(file))).length).toBeLessThanOrEqual(1)
  })

  test('have no clock and no chance in the pure folders', () => {
    const pure = SOURCES.filter((file) => /^shared\/(?:domain|contracts)\//u.test(file))
    expect(pure).not.toEqual([])
    expect(findLines(pure, /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bperformance\.now\b/u)).toEqual([])
  })

  test('nest no deeper than the import table reaches', () => {
    const reach = Number(/const NESTING_MAX = (?<depth>\d+)/u.exec(read('oxlint.config.ts'))?.groups?.depth)
    expect(reach).toBeGreaterThan(0)
    const deep = PRODUCT.filter((file) => {
      const folders = file.split('/').length - 1
      const part = file.startsWith('renderer/') ? 1 : 2
      return folders - part >= reach
    })
    expect(deep).toEqual([])
  })

  test('replace no module in a test: the parts are handed their neighbours', () => {
    const mocking = new RegExp(`\\b${word('vi', '\\.')}(?:do)?${word('mo', 'ck')}\\(`, 'iu')
    expect(
      findLines(
        SOURCES.filter((file) => file.startsWith('test/')),
        mocking,
      ),
    ).toEqual([])
  })
})

describe('migrations', () => {
  const migrations = FILES.filter((file) => /\/migrations\/\d+[^/]*\.(?:ts|sql)$/u.test(file))
  const folders = [...new Set(migrations.map((file) => file.slice(0, file.lastIndexOf('/'))))]

  test('exist for both databases', () => {
    expect(folders.filter((folder) => folder.startsWith('main/'))).toHaveLength(1)
    expect(folders.filter((folder) => folder.startsWith('reference/backend/'))).toHaveLength(1)
  })

  test.each(folders)('of %s are numbered from 1 without a gap', (folder) => {
    const numbers = migrations
      .filter((file) => file.startsWith(`${folder}/`))
      .map((file) => Number.parseInt(file.slice(folder.length + 1), 10))
    expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers.map((_, index) => index + 1))
  })
})

describe('test files', () => {
  test('each belong to a project of vitest.config.ts', () => {
    const config = read('vitest.config.ts')
    const folders = [...config.matchAll(/project\('\w+', \[(?<folders>[^\]]*)\]/gu)].flatMap((match) =>
      [...(match.groups?.folders ?? '').matchAll(/'(?<folder>[^']+)'/gu)].map((one) => one.groups?.folder ?? ''),
    )
    expect(folders).toContain('house')
    const tests = FILES.filter((file) => /\.(?:test|spec)\.[cm]?[jt]sx?$/u.test(file))
    expect(tests.filter((file) => !/\.test\.tsx?$/u.test(file) || !folders.some((folder) => file.startsWith(`test/${folder}/`)))).toEqual(
      [],
    )
  })
})
