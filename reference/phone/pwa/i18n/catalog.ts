import type { en } from './en.ts'

/** The English catalog's shape. Chinese has one plural form, so the `_one` keys are English alone. */
type Shape<T> = T extends string ? string : { readonly [K in keyof T as K extends `${string}_one` ? never : K]: Shape<T[K]> }
export type Catalog = Shape<typeof en>
