import { oneSale } from './0001-one-sale.ts'
import { wholeCounter } from './0002-whole-counter.ts'
import { allowances } from './0003-allowances.ts'
import { revokedKeys } from './0004-revoked-keys.ts'
import type { Migration } from './migration.ts'

/** The schema, step by step, in order. */
export const MIGRATIONS: readonly Migration[] = [oneSale, wholeCounter, allowances, revokedKeys]
