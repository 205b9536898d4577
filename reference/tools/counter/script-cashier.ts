/**
 * A cashier that is a script: enters by the terminal's one-time address as a browser would, and uses the same API the screens use.
 */
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { WebSocket } from 'ws'
import type { AppRouter } from '#main/api/router.ts'
import { assert } from '#shared/assert.ts'
import type { BandView, TillState } from '#shared/contracts/till.ts'

/** Nothing a healthy terminal does takes longer. */
const WAIT_TIMEOUT_MS = 30_000

export type TillCalls = ReturnType<typeof createTRPCClient<AppRouter>>
export interface ScriptCashier {
  readonly till: TillCalls
  state(): TillState
  /** Resolves with the first state that satisfies `wanted`; rejects, naming `what`, when none came in time. */
  until(what: string, wanted: (state: TillState) => boolean, timeoutMs?: number): Promise<TillState>
  close(): void
}

/** Enters by the one-time address and waits for the first state. */
export async function enterTill(address: string): Promise<ScriptCashier> {
  const entry = await fetch(address, { redirect: 'manual' })
  const cookie = entry.headers.getSetCookie()[0]?.split(';')[0]
  assert(entry.status === 303 || entry.status === 302, `the terminal did not let the script in: ${entry.status}`)
  assert(cookie, 'the terminal gave no session')
  const { origin, host } = new URL(address)
  class SessionSocket extends WebSocket {
    constructor(url: string | URL) {
      super(url, { headers: { cookie, origin } })
    }
  }
  // The library asks for the browser's WebSocket type; the ws package has the same constructor, events and constants.
  const client = createWSClient({ url: `ws://${host}/trpc`, WebSocket: SessionSocket as unknown as typeof globalThis.WebSocket })
  const till = createTRPCClient<AppRouter>({ links: [wsLink({ client })] })
  return follow(till, () => void client.close())
}

async function follow(till: TillCalls, close: () => void): Promise<ScriptCashier> {
  let current: TillState | undefined
  const listeners = new Set<() => void>()
  const subscription = till.watch.subscribe(undefined, {
    onData: (state) => {
      current = state
      for (const listener of listeners) listener()
    },
  })
  const until: ScriptCashier['until'] = (what, wanted, timeoutMs = WAIT_TIMEOUT_MS) =>
    new Promise((resolve, reject) => {
      const look = () => {
        if (!current || !wanted(current)) return
        finish()
        resolve(current)
      }
      const timer = setTimeout(() => {
        finish()
        reject(new Error(`waited ${timeoutMs} ms in vain for ${what}; the till shows ${describe(current)}`))
      }, timeoutMs)
      const finish = () => {
        clearTimeout(timer)
        listeners.delete(look)
      }
      listeners.add(look)
      look()
    })
  await until('the first state of the till', () => true)
  return {
    till,
    until,
    state: () => {
      assert(current, 'the first state has arrived')
      return current
    },
    close() {
      subscription.unsubscribe()
      close()
    },
  }
}

function describe(state: TillState | undefined): string {
  if (!state) return 'nothing'
  const { payment, cart, bands, status, lastReceiptId } = state
  return JSON.stringify({ payment, lines: cart.lines.length, cart: cart.state, bands: bands.length, status, lastReceiptId })
}

/** The one band that is at the counter: near, and nobody else is, so that charging it is no guess. */
export function bandAtCounter(state: TillState): BandView | undefined {
  const near = state.bands.filter((band) => band.nearness >= 3)
  return near.length === 1 && near[0]?.needsKnock === false ? near[0] : undefined
}

/** The value of a call that may be refused; a refusal here is a failure of the script, with the till's own code. */
export function expectDone<T>(
  what: string,
  result: { readonly ok: true; readonly value?: T } | { readonly ok: false; readonly error: unknown },
): T {
  if (!result.ok) throw new Error(`${what} was refused: ${JSON.stringify(result.error)}`)
  // A call without a value has lost the field on the wire; its type is then void or undefined, which this is.
  return result.value as T
}
