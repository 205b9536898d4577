/** Text in the two languages the counter speaks. Keys are BCP 47 tags, as in the demo's summary.json. */
export type Words = { readonly en: string; readonly 'zh-CN': string }
export const LANGUAGES = ['zh-CN', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

/** The language a tag means; 简体中文 for whatever is none of ours. */
export function languageOf(tag: string): Language {
  return tag === 'en' ? 'en' : 'zh-CN'
}

export function otherLanguage(language: Language): Language {
  return language === 'en' ? 'zh-CN' : 'en'
}
