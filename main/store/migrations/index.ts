import { oneSale } from './0001-one-sale.ts'
import type { Migration } from './migration.ts'

/** The schema, step by step, in order. */
export const MIGRATIONS: readonly Migration[] = [oneSale]
