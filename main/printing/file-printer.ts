import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { assert } from '#shared/assert.ts'
import { err, ok } from '#shared/result.ts'
import { NOT_COUNTED, type Printer, type PrintJob, printerFailure } from './printer.ts'

/** A job's id becomes a file's name, so it may only be what no file system takes for more than that. */
const FILE_NAME_SAFE = /^[0-9A-Za-z][0-9A-Za-z-]{0,63}$/

/**
 * A printer that writes each job as `<id>.bin` in a folder: whole and on disk, or not there at all. The same job again replaces itself.
 * It is also the printer of the practice world.
 */
export function createFilePrinter(options: { readonly folder: string }): Printer {
  const { folder } = options
  return {
    async print(job) {
      assert(FILE_NAME_SAFE.test(job.id), 'a print job id must be a plain file name')
      try {
        if (!(await writeWhole(folder, job))) return err(NOT_COUNTED)
      } catch (cause) {
        return err(printerFailure('file-failed', `cannot write the receipt file: ${errorCode(cause)}`))
      }
      return ok()
    },
    place: () => folder,
  }
}

/** The print is counted between the draft, which is no receipt yet, and its name: a full disk is found before. False: not counted. */
async function writeWhole(folder: string, { id, bytes, begin }: PrintJob): Promise<boolean> {
  await mkdir(folder, { recursive: true })
  // A name of its own per try: two tries at one job never write into one file.
  const draft = join(folder, `.${id}.${randomBytes(4).toString('hex')}.part`)
  try {
    const file = await open(draft, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    if (!begin()) {
      await rm(draft, { force: true })
      return false
    }
    await rename(draft, join(folder, `${id}.bin`))
  } catch (cause) {
    await rm(draft, { force: true })
    throw cause
  }
  await syncFolder(folder)
  return true
}

/** Makes the new name itself durable. Windows cannot open a folder, and needs no such step. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The system's short code, such as ENOSPC: the message would carry paths. */
function errorCode(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'unknown error'
}
