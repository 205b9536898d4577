import { Button, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import {
  IconArrowLeft,
  IconCash,
  IconCloudCheck,
  IconCloudUp,
  IconDeviceWatch,
  IconReceipt,
  IconSearch,
  IconStack2,
} from '@tabler/icons-react'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { ReceiptRow } from '#shared/contracts/till.ts'
import type { ReceiptId } from '#shared/domain/ids.ts'
import { Paper } from '../../components/paper.tsx'
import { PrintQueue } from '../../components/print-jobs.tsx'
import { useEscape } from '../../escape.ts'
import { noticeWords } from '../../flows/refusal.ts'
import { type Say, useSay } from '../../hooks.ts'
import { useTerminal, useTillState } from '../../terminal-context.ts'
import { useUi } from '../../ui-store.ts'
import { PrintButton, useReceipt } from '../done/done-screen.tsx'
import { VoidSale } from '../done/wrong-person.tsx'

const PAGE_ROWS = 30
const FIND_AFTER_MS = 200
/** As shared/contracts/till.ts has it. */
const FIND_CHARACTERS_MAX = 64
const TENDER_ICONS = { band: IconDeviceWatch, cash: IconCash, mixed: IconStack2 } as const

/** Receipts, newest first: find one, look at its paper, print it again. */
export function HistoryScreen() {
  const say = useSay()
  const { t } = say
  const [find, setFind] = useState('')
  const [asked] = useDebouncedValue(find.trim(), FIND_AFTER_MS)
  const [chosen, setChosen] = useState<ReceiptId>()
  const { rows, hasMore, loadMore, isLoading } = useReceipts(asked)
  const shown = chosen ?? rows[0]?.id
  const input = useRef<HTMLInputElement>(null)
  useEscape(() => {
    setFind('')
    return find !== ''
  })
  useEffect(() => input.current?.focus(), [])
  return (
    <div className="history">
      <h1 className="sr" tabIndex={-1}>
        {t('history.title')}
      </h1>
      <section className="panel receipts" aria-label={t('history.list')}>
        <div className="receipts-find">
          <Button
            variant="subtle"
            color="gray"
            leftSection={<IconArrowLeft aria-hidden="true" />}
            onClick={() => useUi.getState().goTo('selling')}
            aria-keyshortcuts="Escape"
          >
            {t('history.back')}
          </Button>
          <TextInput
            ref={input}
            type="search"
            aria-label={t('history.find')}
            placeholder={t('history.find')}
            leftSection={<IconSearch aria-hidden="true" />}
            value={find}
            maxLength={FIND_CHARACTERS_MAX}
            onChange={(event) => setFind(event.currentTarget.value)}
          />
        </div>
        <PrintQueue />
        <div className="panel-scroll receipts-list">
          {isLoading && <p className="empty">{t('history.loading')}</p>}
          {!isLoading && rows.length === 0 && <NoRows find={asked} say={say} />}
          <ul className="rows">
            {rows.map((row) => (
              <Row key={row.id} row={row} say={say} isShown={row.id === shown} onChoose={() => setChosen(row.id)} />
            ))}
          </ul>
          {hasMore && (
            <Button variant="default" fullWidth onClick={loadMore}>
              {t('history.older')}
            </Button>
          )}
        </div>
      </section>
      <section className="desk history-desk" aria-label={t('done.receipt')}>
        {shown === undefined ? <p className="empty">{t('history.choose')}</p> : <Shown receiptId={shown} say={say} />}
      </section>
    </div>
  )
}

/** Pages of receipts. Asked afresh when the outbox moves, so that `sent` is true. */
function useReceipts(find: string) {
  const { client } = useTerminal()
  const { status, lastReceiptId } = useTillState()
  const query = useInfiniteQuery({
    queryKey: ['receipts', find, status.outbox.pending, lastReceiptId],
    queryFn: ({ pageParam }) =>
      client.receipts({ limit: PAGE_ROWS, ...(pageParam === 0 ? {} : { before: pageParam }), ...(find === '' ? {} : { find }) }),
    initialPageParam: 0,
    getNextPageParam: (page) => page.nextBefore,
    placeholderData: (previous) => previous,
  })
  return {
    rows: query.data?.pages.flatMap((page) => page.rows) ?? [],
    hasMore: query.hasNextPage,
    isLoading: query.isPending,
    loadMore: () => void query.fetchNextPage(),
  }
}

function NoRows({ find, say: { t } }: { find: string; say: Say }) {
  return (
    <p className="empty" role="status">
      <IconReceipt size={40} stroke={1.2} aria-hidden="true" />
      <br />
      <strong>{find === '' ? t('history.none') : t('history.noneFound', { find })}</strong>
      <br />
      {find === '' ? t('history.noneNext') : t('history.noneFoundNext')}
    </p>
  )
}

function Row({ row, say, isShown, onChoose }: { row: ReceiptRow; say: Say; isShown: boolean; onChoose: () => void }) {
  const { t, words, money, time, day } = say
  const Icon = TENDER_ICONS[row.tender]
  return (
    <li>
      <button type="button" className="row" aria-current={isShown ? 'true' : undefined} onClick={onChoose} data-receipt={row.id}>
        <span className="row-icon" title={t(`history.tender.${row.tender}`)}>
          <Icon size={24} stroke={1.6} aria-hidden="true" />
          <span className="sr">{t(`history.tender.${row.tender}`)}</span>
        </span>
        <span className="row-what">
          <strong className="figures">{row.printedNumber}</strong>
          {row.kind !== 'sale' && <span className={`row-kind row-kind-${row.kind}`}>{t(`history.kind.${row.kind}`)}</span>}
          <span className="row-summary">{words(row.summary)}</span>
        </span>
        <span className="row-when figures">
          {time(row.issuedAt)}
          <span>{day(Date.parse(row.issuedAt))}</span>
        </span>
        <span className="row-total figures">
          {money(row.total)}
          <span className="row-sync">
            {row.synced ? <IconCloudCheck size={16} aria-hidden="true" /> : <IconCloudUp size={16} aria-hidden="true" />}
            {row.synced ? t('history.synced') : t('history.notSynced')}
          </span>
        </span>
      </button>
    </li>
  )
}

function Shown({ receiptId, say }: { receiptId: ReceiptId; say: Say }) {
  const { t } = say
  const answer = useReceipt(receiptId)
  const queries = useQueryClient()
  if (answer === undefined) return <p className="empty">{t('done.loading')}</p>
  if (!answer.ok) return <p className="empty">{noticeWords(answer.error, t).say}</p>
  const { printedNumber, prints, paperSvg, receipt } = answer.value
  return (
    <>
      <header className="desk-head">
        <div>
          <h2 className="figures">{printedNumber}</h2>
          <p>
            {receipt.kind !== 'sale' && <span className={`row-kind row-kind-${receipt.kind}`}>{t(`history.kind.${receipt.kind}`)}</span>}{' '}
            {receipt.of !== undefined && <span className="figures">{t('history.ofSale', { number: receipt.of.printedNumber })} · </span>}
            {prints === 0 ? t('history.notPrinted') : t('history.prints', { count: prints })}
          </p>
        </div>
        <div className="desk-acts">
          <VoidSale receipt={receipt} number={printedNumber} />
          <PrintButton
            key={receiptId}
            receiptId={receiptId}
            label={prints === 0 ? t('done.print') : t('history.reprint')}
            number={printedNumber}
            onPrinted={() => void queries.invalidateQueries({ queryKey: ['receipt', receiptId] })}
          />
        </div>
      </header>
      <Paper svg={paperSvg} number={printedNumber} />
    </>
  )
}
