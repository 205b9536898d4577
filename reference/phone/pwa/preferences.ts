/** Language and colours as this browser was left: the only things the page itself keeps. */
import * as z from 'zod'
import { create } from 'zustand'
import { LANGUAGES, type Language } from '#shared/domain/words.ts'

export const SCHEMES = ['system', 'light', 'dark'] as const
export type Scheme = (typeof SCHEMES)[number]
const keptShape = z.object({ language: z.enum(LANGUAGES), scheme: z.enum(SCHEMES) })
type Kept = Readonly<z.output<typeof keptShape>>
type Preferences = Kept & { readonly setLanguage: (language: Language) => void; readonly setScheme: (scheme: Scheme) => void }

const KEY = 'bandtill-wallet'

/** What the browser's owner speaks, as far as we do. */
function spoken(): Language {
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
}

function read(): Kept {
  try {
    return keptShape.parse(JSON.parse(localStorage.getItem(KEY) ?? ''))
  } catch {
    // Nothing kept, or a browser that keeps nothing: the page works all the same.
    return { language: spoken(), scheme: 'system' }
  }
}

function keep({ language, scheme }: Kept): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ language, scheme }))
  } catch {
    // Asked again next time.
  }
}

export const usePreferences = create<Preferences>((set, get) => ({
  ...read(),
  setLanguage: (language) => {
    set({ language })
    keep(get())
  },
  setScheme: (scheme) => {
    set({ scheme })
    keep(get())
  },
}))
