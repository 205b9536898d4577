/** The phone in this page, one for all its screens. Other parts of the page know nothing of it but this. */
import { useEffect, useSyncExternalStore } from 'react'
import { browserPhone } from '#reference/phone/web/browser-phone.ts'
import { STARTING, type WalletPhoneState } from '#reference/phone/web/state.ts'
import type { WalletPhone } from '#reference/phone/web/wallet-phone.ts'

const phone = browserPhone()
const TICK_MS = 500

export function startPhone(): void {
  phone?.start()
}

/** Undefined where this page cannot be a phone. */
export function thePhone(): WalletPhone | undefined {
  return phone
}

const nothing = () => () => {}
const starting = () => STARTING

export function usePhone(): WalletPhoneState {
  return useSyncExternalStore(phone?.state.subscribe ?? nothing, phone?.state.get ?? starting)
}

function everyTick(ticked: () => void): () => void {
  const timer = setInterval(ticked, TICK_MS)
  return () => clearInterval(timer)
}

/** Whole seconds until then, 0 when it has come; counts while it is shown. The clock is read anew whenever this is asked, by a tick or not. */
export function useSecondsUntil(untilMs: number): number {
  return useSyncExternalStore(everyTick, () => Math.max(0, Math.ceil((untilMs - Date.now()) / 1_000)))
}

/** Keeps the screen on while this is shown, where the browser can: a phone that goes to sleep answers no till. */
export function useAwake(isWanted: boolean): void {
  useEffect(() => {
    if (!isWanted || !('wakeLock' in navigator)) return undefined
    let lock: WakeLockSentinel | undefined
    let isOver = false
    const ask = async () => {
      if (document.visibilityState !== 'visible' || isOver) return
      lock = await navigator.wakeLock.request('screen').catch(() => undefined)
      if (isOver) void lock?.release()
    }
    const look = () => void ask()
    look()
    document.addEventListener('visibilitychange', look)
    return () => {
      isOver = true
      document.removeEventListener('visibilitychange', look)
      void lock?.release()
    }
  }, [isWanted])
}
