/** The keyboard map, in one place: what each key does on each screen, and what `?` shows there. */
import type { Screen } from './screen.ts'

export type Shortcut =
  | 'showtimes'
  | 'snacks'
  | 'history'
  | 'attention'
  | 'pay'
  | 'cash'
  | 'back'
  | 'help'
  | 'next-sale'
  | 'settings'
  | 'practice'
  | 'lock'
  | 'identify'
  | 'ask'

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
    case 'F1':
      return 'identify'
    case 'F2':
      return 'showtimes'
    case 'F3':
      return 'snacks'
    case 'F4':
      return 'history'
    case 'F5':
      return 'attention'
    case 'F6':
      return 'practice'
    case 'F7':
      return 'settings'
    case 'F8':
      if (screen === 'identify') return 'ask'
      return screen === 'done' ? 'next-sale' : screen === 'sell' || screen === 'pay' ? 'pay' : undefined
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
      if (screen === 'identify') return 'ask'
      return screen === 'done' ? 'next-sale' : screen === 'sell' ? 'pay' : undefined
    default:
      return undefined
  }
}

/** `keys` as printed on them; `does` names the words in the catalogs. A row is of a shortcut, or of what the screens named do themselves. */
type KeyRow = { readonly keys: readonly string[] } & (
  | { readonly does: string; readonly shortcut: Shortcut; readonly only?: 'practice' | 'manager' }
  | { readonly does: string; readonly on: readonly Screen[] }
)

const KEYBOARD_MAP = [
  { keys: ['F2'], does: 'showtimes', shortcut: 'showtimes' },
  { keys: ['F3'], does: 'snacks', shortcut: 'snacks' },
  { keys: ['F8', 'Enter'], does: 'pay', shortcut: 'pay' },
  { keys: ['F8', 'Enter'], does: 'ask', shortcut: 'ask' },
  { keys: ['F9'], does: 'cash', shortcut: 'cash' },
  { keys: ['F8', 'Enter'], does: 'nextSale', shortcut: 'next-sale' },
  { keys: ['←', '↑', '↓', '→'], does: 'seats', on: ['sell', 'pay', 'identify'] },
  { keys: ['Home', 'End'], does: 'rowEnds', on: ['sell'] },
  { keys: ['PgUp', 'PgDn'], does: 'hallEnds', on: ['sell'] },
  { keys: ['Space'], does: 'toggleSeat', on: ['sell', 'pay', 'identify'] },
  { keys: ['←', '→'], does: 'people', on: ['sign-in'] },
  { keys: ['0–9', '.'], does: 'keypad', on: ['pay'] },
  { keys: ['0–9'], does: 'pin', on: ['sign-in', 'set-up'] },
  { keys: ['Backspace'], does: 'eraseLast', on: ['pay', 'sign-in', 'set-up'] },
  { keys: ['Delete'], does: 'eraseAll', on: ['pay', 'sign-in', 'set-up'] },
  { keys: ['Enter'], does: 'confirm', on: ['sign-in', 'set-up'] },
  { keys: ['F1'], does: 'identify', shortcut: 'identify' },
  { keys: ['F4'], does: 'history', shortcut: 'history' },
  { keys: ['F5'], does: 'attention', shortcut: 'attention', only: 'manager' },
  { keys: ['F6'], does: 'practice', shortcut: 'practice', only: 'practice' },
  { keys: ['F7'], does: 'settings', shortcut: 'settings' },
  { keys: ['F10'], does: 'lock', shortcut: 'lock' },
  { keys: ['Esc'], does: 'back', shortcut: 'back' },
  { keys: ['?'], does: 'help', shortcut: 'help' },
] as const satisfies readonly KeyRow[]

export type KeyWords = (typeof KEYBOARD_MAP)[number]['does']
type Help = { readonly screen: Screen; readonly isPractice: boolean; readonly isManager: boolean }

/** What `?` lists: the keys that do something on this screen, for this person, at this till. */
export function keyboardMap({ screen, isPractice, isManager }: Help): readonly { keys: readonly string[]; does: KeyWords }[] {
  return KEYBOARD_MAP.flatMap((row: KeyRow & { does: KeyWords }) => {
    const { keys, does } = row
    if ('on' in row) return row.on.includes(screen) ? [{ keys, does }] : []
    if ((row.only === 'practice' && !isPractice) || (row.only === 'manager' && !isManager)) return []
    const working = keys.filter((key) => shortcutOf(pressOf(key), screen) === row.shortcut)
    return working.length === 0 ? [] : [{ keys: working, does }]
  })
}

function pressOf(printed: string): KeyPress {
  return { key: printed === 'Esc' ? 'Escape' : printed, isTyping: false, isOnControl: false, hasModifier: false }
}
