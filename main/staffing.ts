/** Who stands at the till, put together with the journal that remembers who came and went. */
import type { Ledger } from '#main/ledger/ports.ts'
import type { Clock, Store } from '#main/ports.ts'
import type { SettingsBook } from '#main/settings/settings-book.ts'
import { StaffDesk } from '#main/staff/staff-desk.ts'

export type StaffingParts = {
  readonly store: Store
  readonly clock: Clock
  readonly newId: () => string
  readonly log: ConstructorParameters<typeof StaffDesk>[0]['log']
  readonly practice: boolean
}

export function createStaffDesk(
  { store, clock, newId, log, practice }: StaffingParts,
  ledger: Ledger,
  { settings, ...about }: { readonly settings: SettingsBook; readonly isBusy: () => boolean; readonly onChange: () => void },
): StaffDesk {
  const staff = new StaffDesk({
    ...{ store, clock, newId, log, practice, ...about },
    journal: (tx, { what, staffId, name, role, by }) =>
      ledger.appendEvent(tx, 'staff-changed', { what, staff_id: staffId, name, role, by: by ?? null }),
  })
  staff.lockAfter(settings.now().lockAfterMinutes)
  return staff
}
