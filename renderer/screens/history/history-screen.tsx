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
import type { ReceiptRow, ReceiptView } from '#shared/contracts/till.ts'
import type { ReceiptId } from '#shared/domain/ids.ts'
import { Paper } from '../../components/paper.tsx'
import { PrintQueue } from '../../components/print-jobs.tsx'
import { AnswerState, QueryState } from '../../components/query-state.tsx'
import { useEscape } from '../../escape.ts'
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
  const query = useReceipts(asked)
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? []
  // Nothing is done to a receipt that is not in the list: what was chosen before the search changed is not what is looked at now.
  const shown = (rows.find(({ id }) => id === chosen) ?? rows[0])?.id
  return (
    <div className="history">
      <h1 className="sr" tabIndex={-1}>
        {t('history.title')}
      </h1>
      <section className="panel receipts" aria-label={t('history.list')}>
        <Find
          find={find}
          onFind={(text) => {
            setFind(text)
            setChosen(undefined)
          }}
        />
        <PrintQueue />
        <div className="panel-scroll receipts-list">
          <Rows query={query} rows={rows} find={asked} shown={shown} onChoose={setChosen} say={say} />
        </div>
      </section>
      <section className="desk history-desk" aria-label={t('done.receipt')}>
        {shown === undefined ? <p className="empty">{t('history.choose')}</p> : <Shown receiptId={shown} say={say} />}
      </section>
    </div>
  )
}

/** The way back, and the search, which has the focus first and which Escape empties first. */
function Find({ find, onFind }: { find: string; onFind: (text: string) => void }) {
  const { t } = useSay()
  const input = useRef<HTMLInputElement>(null)
  useEscape(() => {
    onFind('')
    return find !== ''
  })
  useEffect(() => input.current?.focus(), [])
  return (
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
        onChange={(event) => onFind(event.currentTarget.value)}
      />
    </div>
  )
}

/**
 * Pages of receipts. Asked afresh when the outbox moves or a sale ends, so that `sent` is true and the newest is there; every page that is
 * open stays open.
 */
function useReceipts(find: string) {
  const { client } = useTerminal()
  const { status, lastReceiptId } = useTillState()
  const queries = useQueryClient()
  const moved = `${status.outbox.pending} ${lastReceiptId ?? ''}`
  const seen = useRef(moved)
  useEffect(() => {
    if (seen.current === moved) return
    seen.current = moved
    void queries.invalidateQueries({ queryKey: ['receipts'] })
  }, [queries, moved])
  return useInfiniteQuery({
    queryKey: ['receipts', find],
    queryFn: ({ pageParam }) =>
      client.receipts({ limit: PAGE_ROWS, ...(pageParam === 0 ? {} : { before: pageParam }), ...(find === '' ? {} : { find }) }),
    initialPageParam: 0,
    getNextPageParam: (page) => page.nextBefore,
    placeholderData: (previous) => previous,
  })
}

type RowsProps = {
  readonly query: ReturnType<typeof useReceipts>
  readonly rows: readonly ReceiptRow[]
  readonly find: string
  readonly shown: ReceiptId | undefined
  readonly onChoose: (id: ReceiptId) => void
  readonly say: Say
}

function Rows({ query, rows, find, shown, onChoose, say }: RowsProps) {
  const { t } = say
  return (
    <QueryState query={query} loading={t('history.loading')}>
      {() => (
        <>
          {rows.length === 0 && <NoRows find={find} say={say} />}
          <ul className="rows">
            {rows.map((row) => (
              <Row key={row.id} row={row} say={say} isShown={row.id === shown} onChoose={() => onChoose(row.id)} />
            ))}
          </ul>
          {query.hasNextPage && (
            <Button variant="default" fullWidth disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {query.isFetchingNextPage ? t('history.loading') : t('history.older')}
            </Button>
          )}
        </>
      )}
    </QueryState>
  )
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
      <button
        type="button"
        className={row.voidedBy === undefined ? 'row' : 'row row-voided'}
        aria-current={isShown ? 'true' : undefined}
        onClick={onChoose}
        data-receipt={row.id}
      >
        <span className="row-icon" title={t(`history.tender.${row.tender}`)}>
          <Icon size={24} stroke={1.6} aria-hidden="true" />
          <span className="sr">{t(`history.tender.${row.tender}`)}</span>
        </span>
        <span className="row-what">
          <strong className="figures">{row.printedNumber}</strong>
          {row.voidedBy !== undefined && (
            <span className="row-kind row-kind-void">{t('history.voidedBy', { number: row.voidedBy.printedNumber })}</span>
          )}
          {row.kind !== 'sale' && <span className={`row-kind row-kind-${row.kind}`}>{t(`history.kind.${row.kind}`)}</span>}
          <span className="row-summary">{words(row.summary)}</span>
        </span>
        <span className="row-when figures">
          {time(row.issuedAt)}
          <span>{day(Date.parse(row.issuedAt))}</span>
        </span>
        <span className="row-total figures">
          <span className="row-money">{money(row.total)}</span>
          <span className="row-sync">
            {row.synced ? <IconCloudCheck size={16} aria-hidden="true" /> : <IconCloudUp size={16} aria-hidden="true" />}
            {row.synced ? t('history.synced') : t('history.notSynced')}
          </span>
        </span>
      </button>
    </li>
  )
}

function Shown({ receiptId, say: { t } }: { receiptId: ReceiptId; say: Say }) {
  const query = useReceipt(receiptId)
  return (
    <AnswerState query={query} loading={t('done.loading')}>
      {(view) => (
        <>
          <ShownHead view={view} />
          <Paper svg={view.paperSvg} number={view.printedNumber} />
        </>
      )}
    </AnswerState>
  )
}

function ShownHead({ view: { printedNumber, prints, receipt, voidedBy } }: { view: ReceiptView }) {
  const { t } = useSay()
  const queries = useQueryClient()
  return (
    <header className="desk-head">
      <div>
        <h2 className={voidedBy === undefined ? 'figures' : 'figures struck'}>{printedNumber}</h2>
        <p>
          {receipt.kind !== 'sale' && <span className={`row-kind row-kind-${receipt.kind}`}>{t(`history.kind.${receipt.kind}`)}</span>}{' '}
          {receipt.of !== undefined && <span className="figures">{t('history.ofSale', { number: receipt.of.printedNumber })} · </span>}
          {voidedBy !== undefined && (
            <span className="figures" data-testid="voided-by">
              {t('history.voidedBy', { number: voidedBy.printedNumber })} ·{' '}
            </span>
          )}
          {prints === 0 ? t('history.notPrinted') : t('history.prints', { count: prints })}
        </p>
      </div>
      <div className="desk-acts">
        {voidedBy === undefined && <VoidSale receipt={receipt} number={printedNumber} />}
        <PrintButton
          key={receipt.id}
          receiptId={receipt.id}
          label={prints === 0 ? t('done.print') : t('history.reprint')}
          number={printedNumber}
          onPrinted={() => void queries.invalidateQueries({ queryKey: ['receipt', receipt.id] })}
        />
      </div>
    </header>
  )
}
