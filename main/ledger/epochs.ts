/** How a journal goes on after its file was copied back: in the next epoch, with the next series, and the backend hears it first. */
import type { WriteStore } from '#main/ports.ts'
import { assert } from '#shared/assert.ts'
import { canonical } from './canonical.ts'
import type { Journal } from './journal.ts'
import type { Enqueue, Head, Restore } from './ports.ts'
import { seriesAfter } from './series.ts'
import { readSetting, writeSetting } from './settings.ts'

export function openEpoch(
  tx: WriteStore,
  { journal, enqueue }: { readonly journal: Journal; readonly enqueue: Enqueue },
  { incarnation, why, known }: Restore,
): { readonly series: string; readonly epoch: number; readonly head: Head } {
  const previousIncarnation = readSetting(tx, 'incarnation')
  const ownSeries = readSetting(tx, 'series')
  assert(previousIncarnation !== undefined && ownSeries !== undefined, 'a ledger has a series and an incarnation from its first entry on')
  const series = seriesAfter([ownSeries, ...known.series])
  const epoch = Math.max(Number(readSetting(tx, 'epoch') ?? 1), known.epoch) + 1
  const head = journal.append(tx, {
    kind: 'restored',
    at: journal.now(),
    fields: {
      incarnation,
      previous_incarnation: previousIncarnation,
      series,
      epoch,
      why,
      ...(known.seq === undefined ? {} : { known_seq: known.seq }),
    },
  })
  writeSetting(tx, 'series', series)
  writeSetting(tx, 'epoch', String(epoch))
  writeSetting(tx, 'incarnation', incarnation)
  // Before any receipt of the new epoch, so that the backend knows the epoch when they come.
  enqueue(tx, 'head', canonical({ ...journal.signedHead(tx), epoch, restored: { incarnation, previousIncarnation, series } }))
  writeSetting(tx, 'journal-head-sent', String(head.seq))
  return { series, epoch, head }
}
