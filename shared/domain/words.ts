/** Text in the two languages the counter speaks. Keys are BCP 47 tags, as in the demo's summary.json. */
export type Words = { readonly en: string; readonly 'zh-CN': string }
export const LANGUAGES = ['zh-CN', 'en'] as const
export type Language = (typeof LANGUAGES)[number]
