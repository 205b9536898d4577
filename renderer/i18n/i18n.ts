import i18next, { type i18n, type TFunction } from 'i18next'
import { initReactI18next } from 'react-i18next'
import { LANGUAGES, type Language } from '#shared/domain/words.ts'
import { en } from './en.ts'
import { zhCN } from './zh-CN.ts'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: typeof en }
  }
}

export type T = TFunction
export const FIRST_LANGUAGE: Language = 'zh-CN'

/** The catalogs, started in 简体中文. React escapes what it shows, so the catalogs do not. */
export function startI18n(): i18n {
  const instance = i18next.createInstance()
  void instance.use(initReactI18next).init({
    lng: FIRST_LANGUAGE,
    supportedLngs: [...LANGUAGES],
    fallbackLng: FIRST_LANGUAGE,
    resources: { en: { translation: en }, 'zh-CN': { translation: zhCN } },
    interpolation: { escapeValue: false },
    initAsync: false,
  })
  return instance
}
