import { Button } from '@mantine/core'
import { IconCheck, IconCloudCheck, IconCloudUp, IconPrinter } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { ReceiptView } from '#shared/contracts/till.ts'
import type { ReceiptId } from '#shared/domain/ids.ts'
import { ArmedButton } from '../../components/armed-button.tsx'
import { Paper } from '../../components/paper.tsx'
import { ReceiptPrint } from '../../components/print-jobs.tsx'
import { AnswerState } from '../../components/query-state.tsx'
import { jobOf } from '../../flows/print-jobs.ts'
import { useSay } from '../../hooks.ts'
import { useAct, useTerminal, useTillState } from '../../terminal-context.ts'
import { useUi } from '../../ui-store.ts'
import { WrongPerson } from './wrong-person.tsx'

/** The sale is paid: what to give back, who paid, the paper, and on to the next. */
export function DoneScreen() {
  const { t } = useSay()
  const { lastReceiptId } = useTillState()
  return (
    <div className="done">
      <h1 className="sr" tabIndex={-1}>
        {t('done.title')}
      </h1>
      {lastReceiptId !== undefined && <Done receiptId={lastReceiptId} />}
    </div>
  )
}

/**
 * Asked again when the outbox moves (the receipt may have reached the backend), when its print does (it may have been counted), and when
 * the till speaks another language (its paper does too).
 */
export function useReceipt(receiptId: ReceiptId) {
  const { client } = useTerminal()
  const { status, language } = useTillState()
  const job = jobOf(status.printer.jobs, receiptId)?.state
  return useQuery({
    queryKey: ['receipt', receiptId, language, status.outbox.pending, job],
    queryFn: () => client.receipt({ receiptId }),
    placeholderData: (previous, query) => (query?.queryKey[1] === receiptId ? previous : undefined),
  })
}

function Done({ receiptId }: { receiptId: ReceiptId }) {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const startAfresh = useUi((ui) => ui.startAfresh)
  const query = useReceipt(receiptId)
  const answer = query.data
  const next = useRef<HTMLButtonElement>(null)
  useEffect(() => next.current?.focus(), [])
  return (
    <>
      <section className="panel outcome" aria-labelledby="outcome-title" data-testid="done">
        <AnswerState query={query} loading={t('done.loading')}>
          {(view) => <Outcome view={view} />}
        </AnswerState>
        <div className="panel-foot outcome-foot">
          <PrintButton receiptId={receiptId} label={t('done.print')} number={answer?.ok === true ? answer.value.printedNumber : ''} />
          {answer?.ok === true && <WrongPerson view={answer.value} />}
          <ArmedButton
            ref={next}
            className="charge"
            data-primary
            meaning={receiptId}
            disabled={busy}
            onPress={() => act(() => client.nextSale(), startAfresh)}
            aria-keyshortcuts="Enter F8"
          >
            {t('done.nextSale')}
          </ArmedButton>
        </div>
      </section>
      <section className="desk" aria-label={t('done.receipt')}>
        {answer?.ok === true && <Paper svg={answer.value.paperSvg} number={answer.value.printedNumber} />}
      </section>
    </>
  )
}

function Outcome({ view }: { view: ReceiptView }) {
  const { t, money, time } = useSay()
  const { receipt } = view
  const cash = receipt.payments.find((payment) => payment.tender === 'cash')
  const band = receipt.payments.find((payment) => payment.tender === 'band')
  return (
    <div className="outcome-body">
      <span className="outcome-tick" aria-hidden="true">
        <IconCheck size={52} stroke={2.4} />
      </span>
      <h2 id="outcome-title">{t('done.title')}</h2>
      <div className="outcome-amount figures" data-testid="paid-total">
        {money(receipt.total)}
      </div>
      {band !== undefined && (
        <p className="outcome-payer">
          {t('done.paidByLead')}
          <strong>{band.payerName}</strong> <span>· {t(`done.${receipt.tender}`)}</span>
        </p>
      )}
      {cash !== undefined && (
        <div className="outcome-change">
          <span>{t('done.changeDue')}</span>
          <strong className="figures" data-testid="change-due">
            {money(cash.change)}
          </strong>
          <span>{t('done.received', { amount: money(cash.tendered) })}</span>
        </div>
      )}
      <p className="outcome-facts">
        <span className="figures" data-testid="receipt-number">
          {view.printedNumber}
        </span>
        <span className="figures">{time(receipt.issuedAt)}</span>
        <span className="outcome-sync">
          {view.synced ? <IconCloudCheck size={20} aria-hidden="true" /> : <IconCloudUp size={20} aria-hidden="true" />}
          {view.synced ? t('done.synced') : t('done.notSynced')}
        </span>
      </p>
      <ReceiptPrint receiptId={receipt.id} />
    </div>
  )
}

/** Prints and says so where it was pressed. A failure is a notice: the sale itself is safe. */
export function PrintButton({
  receiptId,
  label,
  number,
  onPrinted,
}: {
  receiptId: ReceiptId
  label: string
  number: string
  onPrinted?: () => void
}) {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const [printed, setPrinted] = useState('')
  const print = () => {
    setPrinted('')
    act(
      () => client.print({ receiptId }),
      () => {
        setPrinted(number)
        onPrinted?.()
      },
    )
  }
  return (
    <div className="print">
      <Button variant="default" fullWidth disabled={busy} leftSection={<IconPrinter aria-hidden="true" />} onClick={print}>
        {label}
      </Button>
      <span className="print-said" role="status">
        {printed !== '' && t('done.printed', { number: printed })}
      </span>
    </div>
  )
}
