/** A file that is replaced as a whole: what a practice band or phone keeps in one place, and really forgets when it lets go. */
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { err, ok, type Result } from '#shared/result.ts'

/** Only the owner of the practice folder reads it. */
const OWNER_ONLY = 0o600

/** The text, or undefined when there is no such file. */
export async function readWhole(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}

/** Whole or not at all, and on disk when this resolves. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const partial = `${path}.partial`
  const file = await open(partial, 'w', OWNER_ONLY)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(partial, path)
  await syncFolder(path)
}

/** The same as a value: `undefined` takes the file away. */
export async function keepWhole(path: string, text: string | undefined): Promise<Result<void, 'storage-failed'>> {
  try {
    if (text === undefined) {
      await rm(path, { force: true })
      await syncFolder(path)
    } else await writeWhole(path, text)
    return ok()
  } catch {
    return err('storage-failed')
  }
}

/** A new name is on disk when its folder is. Windows has no such call, and needs none. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
