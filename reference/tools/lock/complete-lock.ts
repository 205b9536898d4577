/**
 * Native packages come as one small optional package per platform. npm leaves those out of the lock file that the registry in use could
 * not show, and then `npm ci` refuses the whole lock file because they are missing. An entry with the exact version and the platform is
 * enough: elsewhere it is skipped by its platform, and where it fits it is fetched. It carries no hash, because we have not seen the file.
 */

export type LockEntry = { readonly [key: string]: unknown; readonly optionalDependencies?: Readonly<Record<string, string>> }
export type Packages = Readonly<Record<string, LockEntry>>
export type Missing = { readonly neededBy: string; readonly name: string; readonly version: string }

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']
const PROCESSORS = ['arm', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64']

/** Where Node would look for `name` from the package at `place`, nearest first. */
function candidates(place: string, name: string): string[] {
  const folders = [place]
  while (folders[0] !== '') {
    const inner = folders[0] ?? ''
    folders.unshift(inner.slice(0, Math.max(0, inner.lastIndexOf('node_modules/') - 1)))
  }
  return folders.toReversed().map((folder) => `${folder === '' ? '' : `${folder}/`}node_modules/${name}`)
}

/** The optional packages that are named in the lock file and have no entry in it. */
export function missingOptionals(packages: Packages): Missing[] {
  return Object.entries(packages).flatMap(([place, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !candidates(place, name).some((candidate) => candidate in packages))
      .map(([name, version]) => ({ neededBy: place, name, version })),
  )
}

/** The system, processor and C library that a package's name speaks of, as the lock file writes them. Undefined without a system. */
function platformOf(name: string): { os: string[]; cpu: string[]; libc?: string[] } | undefined {
  const parts = name.split(/[/-]/u)
  const os = SYSTEMS.filter((system) => parts.includes(system))
  const cpu = PROCESSORS.filter((processor) => parts.includes(processor))
  if (os.length !== 1 || cpu.length !== 1) return undefined
  if (parts.includes('musl')) return { os, cpu, libc: ['musl'] }
  return parts.includes('gnu') ? { os, cpu, libc: ['glibc'] } : { os, cpu }
}

/**
 * The same packages with an entry for each missing platform package, in the order npm writes. Throws when a missing package names no exact
 * version or no platform: then the lock file lacks something that no rule of ours can fill in.
 */
export function completed(packages: Packages): Packages {
  const added: Record<string, LockEntry> = {}
  for (const { neededBy, name, version } of missingOptionals(packages)) {
    const platform = platformOf(name)
    if (platform === undefined || !/^\d+\.\d+\.\d+$/u.test(version))
      throw new Error(`${name}@${version}, needed by ${neededBy}, is no platform package`)
    const isDev = packages[neededBy]?.dev === true ? { dev: true } : {}
    added[`node_modules/${name}`] = { version, ...platform, ...isDev, optional: true }
  }
  const all = Object.entries({ ...packages, ...added })
  return Object.fromEntries(all.sort(([a], [b]) => a.localeCompare(b, 'en')))
}
