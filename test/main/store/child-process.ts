import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export type Child = { readonly lines: AsyncIterator<string>; readonly process: ChildProcess; kill(): Promise<void> }

/** Somebody without rights over what root made: the traditional number of `nobody`. */
export const NOBODY = 65_534

const running = new Set<Child>()

/** Ends every child that is still there. For afterEach. */
export async function endChildren(): Promise<void> {
  await Promise.all([...running].map(async (child) => child.kill()))
}

/** Starts a test's own program beside this file. `kill` is SIGKILL, and waits for the end. */
export function startChild(program: string, args: readonly string[], options: { readonly asNobody?: boolean } = {}): Child {
  const asNobody = options.asNobody === true && process.getuid?.() === 0
  const child = spawn(process.execPath, [fileURLToPath(new URL(program, import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(asNobody ? { uid: NOBODY, gid: NOBODY } : {}),
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ended = once(child, 'exit')
  const started: Child = {
    lines,
    process: child,
    async kill() {
      child.kill('SIGKILL')
      await ended
      running.delete(started)
    },
  }
  running.add(started)
  return started
}

/** The next line a child prints. Fails when it ends first. */
export async function nextLine(child: Child): Promise<string> {
  const line = await child.lines.next()
  if (line.done) throw new Error('the child ended without a word')
  return line.value
}
