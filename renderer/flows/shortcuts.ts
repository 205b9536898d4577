/** The keyboard map, in one place: what each key does on each screen, and what `?` shows. */
import type { Screen } from './screen.ts'

export type Shortcut =
  | 'showtimes'
  | 'snacks'
  | 'history'
  | 'pay'
  | 'cash'
  | 'back'
  | 'help'
  | 'next-sale'
  | 'settings'
  | 'practice'
  | 'lock'

export type KeyPress = {
  readonly key: string
  /** The focus is in a text field: only function keys and Escape are ours. */
  readonly isTyping: boolean
  /** The focus is on a control that Enter presses by itself. */
  readonly isOnControl: boolean
  readonly hasModifier: boolean
}

/** An interrupted sale is finished or undone before anything is sold: no key of selling works over it. */
const UNDER_INTERRUPTED: ReadonlyMap<string, Shortcut> = new Map<string, Shortcut>([
  ['F6', 'practice'],
  ['F10', 'lock'],
  ['?', 'help'],
])

/** The act a key stands for on this screen, or nothing. */
export function shortcutOf({ key, isTyping, isOnControl, hasModifier }: KeyPress, screen: Screen): Shortcut | undefined {
  if (hasModifier) return undefined
  if (screen === 'set-up' || screen === 'sign-in') return key === '?' && !isTyping ? 'help' : undefined
  if (screen === 'interrupted') return UNDER_INTERRUPTED.get(key)
  switch (key) {
    case 'F2':
      return 'showtimes'
    case 'F3':
      return 'snacks'
    case 'F4':
      return 'history'
    case 'F6':
      return 'practice'
    case 'F7':
      return 'settings'
    case 'F8':
      return screen === 'done' ? 'next-sale' : 'pay'
    case 'F9':
      return screen === 'pay' || screen === 'sell' ? 'cash' : undefined
    case 'F10':
      return 'lock'
    case 'Escape':
      return 'back'
    case '?':
      return isTyping ? undefined : 'help'
    case 'Enter':
      if (isTyping || isOnControl) return undefined
      return screen === 'done' ? 'next-sale' : screen === 'sell' ? 'pay' : undefined
    default:
      return undefined
  }
}

/** What the help lists: the keys as printed on them, and the catalog key of what they do. */
export const KEYBOARD_MAP = [
  { keys: ['F2'], does: 'showtimes' },
  { keys: ['F3'], does: 'snacks' },
  { keys: ['F4'], does: 'history' },
  { keys: ['F6'], does: 'practice' },
  { keys: ['F7'], does: 'settings' },
  { keys: ['F8', 'Enter'], does: 'pay' },
  { keys: ['F9'], does: 'cash' },
  { keys: ['←', '↑', '↓', '→'], does: 'seats' },
  { keys: ['Space'], does: 'toggleSeat' },
  { keys: ['0–9', '.'], does: 'keypad' },
  { keys: ['Enter'], does: 'nextSale' },
  { keys: ['F10'], does: 'lock' },
  { keys: ['Esc'], does: 'back' },
  { keys: ['?'], does: 'help' },
] as const
