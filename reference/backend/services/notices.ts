import type { NoticeKind } from '#shared/contracts/notices.ts'
import type { Tx } from '../database/tables.ts'
import { addNotice } from '../repositories/notices-repository.ts'
import { type Clock, instantOf, type NewId } from '../world.ts'

/** Keeps what an owner is to be told, in the transaction that did it. `detail`: what it is about, never a secret. */
export type TellOwner = (tx: Tx, accountId: string, kind: NoticeKind, detail: string) => Promise<void>

export function createNotices({ clock, newId }: { readonly clock: Clock; readonly newId: NewId }): TellOwner {
  return async (tx, accountId, kind, detail) => {
    await addNotice(tx, { id: newId(), accountId, kind, detail, at: instantOf(clock.nowMs()) })
  }
}
