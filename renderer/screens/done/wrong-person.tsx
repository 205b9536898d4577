import { Button } from '@mantine/core'
import { IconReceiptRefund, IconUserX } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReceiptView } from '#shared/contracts/till.ts'
import type { Receipt } from '#shared/domain/receipt.ts'
import { Confirm } from '../../components/dialog.tsx'
import { secondsUntil } from '../../flows/countdown.ts'
import { voidStanding } from '../../flows/void.ts'
import { useNowMs, useSay } from '../../hooks.ts'
import { useAct, useTerminal, useTillState } from '../../terminal-context.ts'
import { useUi } from '../../ui-store.ts'

/**
 * In its first minute a band sale can be given back at once: the same sale opens again, for the right person. When the minute is over the
 * button stays where it is, so that nothing moves under a finger, and a question that is open says who can still do it.
 */
export function WrongPerson({ view: { receipt } }: { view: ReceiptView }) {
  const { t, money } = useSay()
  const { client } = useTerminal()
  const { busy, refused, act } = useAct('here')
  const { wrongPersonUntil, session } = useTillState()
  const [isAsked, setIsAsked] = useState(false)
  const nowMs = useNowMs()
  const band = receipt.payments.find((payment) => payment.tender === 'band')
  if (band === undefined) return null
  const leftS = wrongPersonUntil === undefined ? 0 : secondsUntil(wrongPersonUntil, nowMs)
  const isOver = leftS === 0
  const isManager = session.state === 'signed-in' && session.staff.role === 'manager'
  const giveBack = () =>
    act(
      () => client.voidSale({ receiptId: receipt.id }),
      () => {
        setIsAsked(false)
        // The sale is open again: the pay screen shows the bands for the right one.
        useUi.getState().openPay()
      },
    )
  return (
    <>
      <Button
        variant="default"
        className="wrong-person figures"
        leftSection={<IconUserX aria-hidden="true" />}
        disabled={isOver}
        onClick={() => setIsAsked(true)}
        data-testid="wrong-person"
      >
        {isOver ? t('void.wrongPerson') : t('void.wrongPersonLeft', { count: leftS })}
      </Button>
      {isAsked && (
        <Confirm
          title={t('void.title')}
          text={t('void.text', { amount: money(receipt.total), name: band.payerName })}
          yes={t('void.yes')}
          no={t('void.keep')}
          busy={busy}
          refused={refused}
          isOver={isOver && !isManager}
          onYes={giveBack}
          onNo={() => setIsAsked(false)}
        >
          <p className="dialog-left figures">{isOver ? t('void.askManager') : t('void.left', { count: leftS })}</p>
        </Confirm>
      )}
    </>
  )
}

/** In the history: a band sale of the last minute, or of the last day for a manager. Not one that was taken back already. */
export function VoidSale({ receipt, number }: { receipt: Receipt; number: string }) {
  const { t, money } = useSay()
  const { client } = useTerminal()
  const { busy, refused, act } = useAct('here')
  const { session } = useTillState()
  const queries = useQueryClient()
  const [isAsked, setIsAsked] = useState(false)
  const nowMs = useNowMs()
  const standing = session.state === 'signed-in' ? voidStanding(receipt, session.staff.role, nowMs) : 'never'
  const band = receipt.payments.find((payment) => payment.tender === 'band')
  if (standing === 'never' || band === undefined) return null
  if (standing === 'ask-manager') return <p className="desk-manager">{t('void.askManager')}</p>
  const giveBack = () =>
    act(
      () => client.voidSale({ receiptId: receipt.id }),
      () => {
        setIsAsked(false)
        void queries.invalidateQueries({ queryKey: ['receipts'] })
        void queries.invalidateQueries({ queryKey: ['receipt', receipt.id] })
      },
    )
  return (
    <>
      <Button variant="default" leftSection={<IconReceiptRefund aria-hidden="true" />} onClick={() => setIsAsked(true)} data-testid="void">
        {t('void.button')}
      </Button>
      {isAsked && (
        <Confirm
          title={t('void.titleLater', { number })}
          text={t('void.textLater', { amount: money(receipt.total), name: band.payerName })}
          yes={t('void.yes')}
          no={t('void.keep')}
          busy={busy}
          refused={refused}
          onYes={giveBack}
          onNo={() => setIsAsked(false)}
        />
      )}
    </>
  )
}
