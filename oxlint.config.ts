import { defineConfig } from 'oxlint'

/**
 * Which folder may import what. The compiler's project references (tsconfig.json) check the arrows between the parts; this table checks
 * what references cannot see: packages, Node, and the walls between the features inside main/. Each list is an allow-list, in
 * .gitignore patterns matched against the import as written; a folder's own files are always allowed, everything else is refused.
 */
const DOMAIN = ['#shared/result.ts', '#shared/assert.ts', '#shared/turns.ts', '#shared/calendar-day.ts', '#shared/domain/**']
const CONTRACTS = [...DOMAIN, '#shared/contracts/**']
const SHARED = [...CONTRACTS, '#shared/crypto/**']
const NODE = ['node:*', 'node:*/*']
/** What a feature may know of the rest of main/, as types only: main's ports, and what another feature shows at the top of its folder. */
const PORTS = ['../ports.ts', '#main/ports.ts', '../*/*.ts', '#main/*/*.ts']
const CBOR = ['cborg', 'cborg/**']
const FASTIFY = ['fastify', 'fastify-type-provider-zod', '@fastify/**']
const HOSTS = [...SHARED, '#main/*.ts', '#main/*/*.ts', '../*.ts', '../*/*.ts', ...NODE, 'zod', 'pino', '@trpc/server/**', '@trpc/server']
const SCREENS = [
  'react',
  'react/**',
  'react-dom/**',
  '@mantine/**',
  '@tabler/icons-react',
  '@tanstack/react-query',
  'zustand',
  'zustand/**',
]
const WORDS_ON_SCREEN = ['i18next', 'react-i18next', '@fontsource-variable/**']

type Folder = { readonly path: string; readonly may: readonly string[]; readonly mayTypes?: readonly string[] }

const FOLDERS: readonly Folder[] = [
  { path: 'shared', may: CONTRACTS },
  { path: 'shared/domain', may: DOMAIN },
  { path: 'shared/contracts', may: [...CONTRACTS, 'zod', ...CBOR, '@noble/curves/**'] },
  {
    path: 'shared/crypto',
    may: [...SHARED, 'zod', ...CBOR, '@noble/curves/**', '@noble/hashes/**', '@hpke/core', 'jose', 'http-message-sig', 'canonicalize'],
  },

  // The composition: it knows each feature by the files that lie directly in the feature's folder, and no host.
  {
    path: 'main',
    may: [
      ...SHARED,
      'zod',
      '#main/*.ts',
      '#main/*/*.ts',
      '!./*/*/**',
      '!./browser/**',
      '!./electron/**',
      '!#main/browser/**',
      '!#main/electron/**',
    ],
  },
  // A feature runs no other feature's code: main's top files hand them to each other.
  { path: 'main/*', may: [...SHARED, 'zod', 'canonicalize', 'node:crypto'], mayTypes: PORTS },
  { path: 'main/api', may: [...SHARED, 'zod', '@trpc/server', '@trpc/server/**'] },
  { path: 'main/store', may: [...SHARED, 'zod', 'better-sqlite3', ...NODE], mayTypes: PORTS },
  { path: 'main/sync', may: [...SHARED, 'zod', 'http-message-sig', 'jose', ...NODE], mayTypes: PORTS },
  { path: 'main/radio', may: [...SHARED, 'zod', '@abandonware/noble', '@stoprocent/noble', ...NODE], mayTypes: PORTS },
  { path: 'main/practice', may: [...SHARED, 'zod', ...NODE], mayTypes: PORTS },
  { path: 'main/printing', may: [...SHARED, 'receiptline', '@resvg/resvg-js', ...NODE], mayTypes: PORTS },
  { path: 'main/hosting', may: [...HOSTS, 'ws', '!../browser/**', '!#main/browser/**', '!../electron/**', '!#main/electron/**'] },
  { path: 'main/browser', may: [...HOSTS, 'ws', '!../electron/**', '!#main/electron/**'] },
  { path: 'main/electron', may: [...HOSTS, 'electron', 'electron/**', '!../browser/**', '!#main/browser/**'] },

  { path: 'renderer', may: [...CONTRACTS, ...SCREENS, ...WORDS_ON_SCREEN] },
  { path: 'renderer/flows', may: CONTRACTS, mayTypes: ['../i18n/i18n.ts'] },

  { path: 'reference/band', may: [...SHARED, ...CBOR, 'zod'] },
  { path: 'reference/phone', may: [...SHARED, ...CBOR, 'zod', 'http-message-sig', 'jose'] },
  // The phone inside a page: browser storage, keys and links. No React, no Node.
  { path: 'reference/phone/web', may: [...SHARED, '../*.ts', 'idb', 'zod'] },
  {
    path: 'reference/phone/pwa',
    may: [
      ...SHARED,
      // The engine inside the page: the phone's own files, no more of them than the page runs.
      '#reference/phone/*.ts',
      '#reference/phone/web/*.ts',
      'zod',
      'react',
      'react/**',
      'react-dom/**',
      '@tabler/icons-react',
      '@tanstack/react-query',
      '@simplewebauthn/browser',
      'zustand',
      'i18next',
      'react-i18next',
    ],
  },
  { path: 'reference/phone/pwa/flows', may: CONTRACTS, mayTypes: ['../i18n/i18n.ts'] },
  { path: 'reference/phone/pwa/worker', may: [] },
  {
    path: 'reference/backend',
    may: [
      ...SHARED,
      ...NODE,
      ...CBOR,
      ...FASTIFY,
      'zod',
      'jose',
      'http-message-sig',
      'canonicalize',
      'kysely',
      'kysely/**',
      'better-sqlite3',
      'pino',
      'prom-client',
      '@simplewebauthn/server',
    ],
  },
  {
    path: 'reference/practice',
    may: [
      ...SHARED,
      ...NODE,
      ...CBOR,
      '#reference/band/**',
      '#reference/phone/**',
      '../band/**',
      '../phone/**',
      'zod',
      'ws',
      'pino',
      'jose',
    ],
  },
  {
    path: 'reference/practice/printer',
    may: [...SHARED, ...NODE, '../*.ts', 'receiptline', '@resvg/resvg-js'],
  },
  {
    path: 'reference/host',
    may: [...SHARED, ...NODE, '../band/**', '../phone/**', '../practice/*.ts', 'zod'],
  },
  {
    path: 'reference/tools',
    may: [
      ...SHARED,
      ...NODE,
      ...CBOR,
      '#main/**',
      '!#main/electron/**',
      '#reference/**',
      '../**',
      '!../../**',
      'zod',
      '@noble/curves/**',
      'better-sqlite3',
      'jose',
      'canonicalize',
      'ws',
      '@trpc/client',
      'pino',
    ],
  },
  // It tries out parts of any maker, ours among them: it shares the contracts and the suite with them, and no line of what they do.
  { path: 'reference/tools/conformance', may: [...SHARED, ...NODE, 'zod'] },
]

/** The one file of the screens that knows how the terminal is reached. */
const TERMINAL_CLIENT: Folder = {
  path: 'renderer',
  may: [...CONTRACTS, '@trpc/client', '@trpc/client/**'],
  mayTypes: ['#main/api/router.ts', '../main/api/router.ts'],
}

/** How deep a folder of the table may nest. A file deeper than this would escape the table, so test/house refuses it. */
const NESTING_MAX = 4

/** `x/../y` and `./../y` would walk round the table's patterns. */
const DETOUR = { regex: '[^.]/\\.\\./|^\\./\\.\\./', message: 'Write the shortest path.' }

/** The same pattern as a file `depth` folders further down has to write it. */
function seenFrom(depth: number, pattern: string): string {
  const up = '../'.repeat(depth)
  if (pattern.startsWith('../')) return `${up}${pattern}`
  return depth > 0 && pattern.startsWith('./') ? `${up}${pattern.slice(2)}` : pattern
}

/** `pattern` as a regular expression: the linter takes `allowTypeImports` into account only before any allowing group has matched. */
function asRegex(pattern: string): string {
  const escaped = pattern.replaceAll(/[.+?^${}()|[\]\\]/gu, String.raw`\$&`).replaceAll('*', '[^/]+')
  return `^${escaped}$`
}

/** The restriction of one folder at one depth: a file two folders down may climb two folders and no further. */
function restriction({ path, may, mayTypes = [] }: Folder, depth: number) {
  const climbs = Array.from({ length: depth }, (_, n) => `!${'../'.repeat(n + 1)}**`)
  const own = ['!./**', ...climbs, `${'../'.repeat(depth + 1)}**`]
  const allowed = may.map((pattern) => (pattern.startsWith('!') ? seenFrom(depth, pattern.slice(1)) : `!${seenFrom(depth, pattern)}`))
  const types = mayTypes.map((pattern) => seenFrom(depth, pattern))
  return [
    DETOUR,
    ...types.map((pattern) => ({ regex: asRegex(pattern), message: `${path}/ may import only types from here.`, allowTypeImports: true })),
    {
      group: ['*', ...own, ...allowed, ...types.map((pattern) => `!${pattern}`)],
      message: `${path}/ may not import this: the table in oxlint.config.ts lists what it may.`,
    },
  ]
}

function imports(folder: Folder) {
  return Array.from({ length: NESTING_MAX }, (_, depth) => ({
    files: [`${folder.path}${'/*'.repeat(depth + 1)}.{ts,tsx}`],
    rules: { 'no-restricted-imports': ['error' as const, { patterns: restriction(folder, depth) }] },
  }))
}

const NO_CLOCK = 'Time is passed in: the pure folders have no clock.'
const NO_CHANCE = 'Randomness is passed in: the pure folders have none.'

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'promise', 'react', 'jsx-a11y'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  options: { typeAware: true, denyWarnings: true, reportUnusedDisableDirectives: 'error' },
  ignorePatterns: ['dist', '.cache', 'node_modules', 'test-results'],
  rules: {
    // Off, with the reason: each of these would have us write worse code.
    'no-await-in-loop': 'off', // Steps towards a till, a band or a disk are taken one after another, on purpose.
    'import/no-unassigned-import': ['error', { allow: ['**/*.css', '@fontsource-variable/**', '@mantine/**/*.css'] }],
    'unicorn/consistent-function-scoping': 'off', // A helper is best read beside its only use.
    'unicorn/no-array-sort': 'off', // Shared arrays are readonly by type; sorting or reversing one's own copy in place is fine.
    'unicorn/no-array-reverse': 'off',
    'import/no-named-as-default-member': 'off', // i18next is used through its default export, as its documentation does.
    'typescript/no-unsafe-type-assertion': 'off', // Brands and parsed input need a cast at the edge; reviews watch the rest.
    'typescript/consistent-return': 'off', // The compiler checks returns by type.

    'no-unmodified-loop-condition': 'off', // Cannot see a flag that a callback sets.
    'unicorn/require-post-message-target-origin': 'off', // A MessagePort has no target origin; windows are not posted to.
    'jsx-a11y/prefer-tag-over-role': 'off', // A seat map is a grid and a live region a status: no tag says so as well.
    'jsx-a11y/interactive-supports-focus': 'off', // In a grid the focus roves among the cells, the grid itself has none.
    'oxc/no-async-endpoint-handlers': 'off', // Written for Express; Fastify awaits its handlers.
    'unicorn/no-useless-spread': 'off', // Groups the rows of a long literal.
    'import/no-named-as-default': 'off',
    'oxc/no-map-spread': 'off', // Copying a small object while mapping is how frozen records change.
    'promise/always-return': 'off', // Floating promises are caught by type; a then() may end in a side effect.
    'react/react-in-jsx-scope': 'off', // The JSX runtime is automatic.

    'react/rules-of-hooks': 'off', // Outside React, a function called use… is no hook.
    'react/exhaustive-deps': 'off',
    'react/button-has-type': 'error',
    'react/no-danger': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/await-thenable': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'typescript/no-unsafe-assignment': 'error',
    'typescript/no-unsafe-call': 'error',
    'typescript/no-unsafe-member-access': 'error',
    'typescript/no-unsafe-return': 'error',
    'typescript/no-unsafe-argument': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/return-await': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/ban-ts-comment': 'error',
    // `import('x').T` in a type would walk round the import table.
    'typescript/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: true }],
    'typescript/no-require-imports': 'error',
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'unicorn/prefer-node-protocol': 'error',
    'no-console': 'error',
    'no-empty': ['error', { allowEmptyCatch: false }],
    'no-var': 'error',
    'no-param-reassign': 'error',
    eqeqeq: 'error',
    'max-lines': ['error', { max: 400 }],
    'max-lines-per-function': ['error', { max: 70 }],
  },
  overrides: [
    ...FOLDERS.flatMap(imports),
    {
      files: ['renderer/terminal-client.ts'],
      rules: { 'no-restricted-imports': ['error', { patterns: restriction(TERMINAL_CLIENT, 0) }] },
    },
    {
      files: ['shared/domain/**', 'shared/contracts/**'],
      rules: {
        'no-restricted-globals': ['error', { name: 'Date', message: NO_CLOCK }, { name: 'performance', message: NO_CLOCK }, 'globalThis'],
        'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: NO_CHANCE }],
      },
    },
    {
      files: ['renderer/**', 'test/renderer/**', 'reference/phone/pwa/**'],
      rules: { 'react/rules-of-hooks': 'error', 'react/exhaustive-deps': 'error' },
    },
    // Process entries speak on stdout: the address of the terminal, the story of the demo, the count of the tests.
    { files: ['**/main.ts', 'reference/practice/{supervisor,world}.ts', 'reference/tools/**'], rules: { 'no-console': 'off' } },
    { files: ['*.config.ts'], rules: { 'import/no-default-export': 'off' } },
    {
      files: ['test/**'],
      plugins: ['typescript', 'unicorn', 'oxc', 'import', 'promise', 'react', 'jsx-a11y', 'vitest'],
      rules: {
        'max-lines-per-function': ['error', { max: 200 }],
        'vitest/no-focused-tests': 'error',
        'vitest/no-disabled-tests': 'error',
        'vitest/expect-expect': 'error',
        'vitest/valid-expect': ['error', { maxArgs: 2 }],
      },
    },
    {
      // Plain JavaScript outside every compiler project: there are no types to be unsafe about.
      files: ['**/*.cjs'],
      rules: {
        'typescript/no-require-imports': 'off',
        'typescript/no-unsafe-assignment': 'off',
        'typescript/no-unsafe-call': 'off',
        'typescript/no-unsafe-member-access': 'off',
        'no-var': 'off',
      },
    },
  ],
})
