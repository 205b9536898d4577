/**
 * The mark of the records in a file beside the key. It is replaced as a whole, and may be lost: a missing mark proves nothing. It is not
 * synced to the disk: after a power cut an older one is as good, because it is still in the journal of the file.
 */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import type { MarkKeeper, RecordsMark } from '../ports.ts'

export const MARK_FILE = 'records-mark.json'
const OWNER_ONLY_FILE = 0o600
/** A mark is about 250 bytes. */
const MARK_BYTES_MAX = 4_096

const incarnation = z.string().regex(/^[0-9a-f]{32}$/)
const markFile = z.strictObject({
  incarnation,
  next: incarnation.optional(),
  seq: z.int().positive(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  epoch: z.int().min(1),
  series: z.string().regex(/^[A-Z]{1,4}$/),
})

export function createMarkFile(folder: string): MarkKeeper {
  const file = join(folder, MARK_FILE)
  return {
    read: () => readMark(file),
    write: (mark) => writeMark(file, mark),
  }
}

function readMark(file: string): RecordsMark | undefined {
  try {
    const status = statSync(file)
    if (!status.isFile() || status.size > MARK_BYTES_MAX) return undefined
    const { next, ...mark } = markFile.parse(JSON.parse(readFileSync(file, 'utf8')))
    return { ...mark, ...(next === undefined ? {} : { next }) }
  } catch {
    return undefined // Missing, unreadable or garbled: it proves nothing, and is written anew.
  }
}

function writeMark(file: string, mark: RecordsMark): boolean {
  const draft = `${file}.new`
  try {
    // What a cut left behind, or whatever else bears this name, is not written into.
    rmSync(draft, { force: true })
    writeFileSync(draft, `${JSON.stringify(mark)}\n`, { mode: OWNER_ONLY_FILE, flag: 'wx' })
    renameSync(draft, file)
    return true
  } catch {
    return false // A full or read-only disk: the mark stays as it was.
  }
}
