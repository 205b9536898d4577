/** An append-only file of JSON lines: what a practice band or phone must not forget. A line counts when it is whole and on disk. */
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { err, ok, type Result } from '#shared/result.ts'
import { Turns } from '#shared/turns.ts'

/** Only the owner of the practice folder reads it. */
const OWNER_ONLY = 0o600
const NEWLINE = 10

export class RecordFile {
  readonly #file: FileHandle
  /** Bytes of whole lines on disk. */
  #length: number
  readonly #turns = new Turns()

  private constructor(file: FileHandle, length: number) {
    this.#file = file
    this.#length = length
  }

  /** Opens the file and gives its whole lines, oldest first. A line cut short by a crash was never acknowledged, and is cut off. */
  static async open(path: string): Promise<{ readonly file: RecordFile; readonly lines: readonly string[] }> {
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0)
      throw error
    })
    const { lines, length } = wholeLines(bytes)
    const file = await open(path, 'a', OWNER_ONLY)
    if (length < bytes.length) await file.truncate(length)
    return { file: new RecordFile(file, length), lines }
  }

  /** Resolves `ok` when the line would survive a power cut. */
  async append(line: string): Promise<Result<void, 'storage-failed'>> {
    return this.#turns.take(async (): Promise<Result<void, 'storage-failed'>> => {
      const bytes = Buffer.from(`${line}\n`)
      try {
        await this.#file.truncate(this.#length)
        await this.#file.appendFile(bytes)
        await this.#file.datasync()
        this.#length += bytes.length
        return ok()
      } catch {
        // What was half written is cut off before the next line goes in.
        return err('storage-failed')
      }
    })
  }

  /** These lines in the place of all there were, while nobody else writes. A crash in between leaves fewer lines, each of them whole. */
  async replace(lines: readonly string[]): Promise<void> {
    await this.#turns.settled()
    await this.#file.truncate(0)
    this.#length = 0
    for (const line of lines) await this.append(line)
  }

  async close(): Promise<void> {
    await this.#turns.settled()
    await this.#file.close()
  }
}

/** The lines that have their end, and how many bytes they take. */
export function wholeLines(bytes: Buffer): { readonly lines: readonly string[]; readonly length: number } {
  const whole = bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1)
  return { lines: whole.toString('utf8').split('\n').slice(0, -1), length: whole.length }
}
