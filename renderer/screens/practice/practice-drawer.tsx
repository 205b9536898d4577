import { ActionIcon } from '@mantine/core'
import { IconPlugConnectedX, IconX } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useLayoutEffect, useRef, useState } from 'react'
import type { PracticeCommand } from '#shared/contracts/practice-desk.ts'
import { byDistance } from '../../flows/practice.ts'
import { noticeWords } from '../../flows/refusal.ts'
import { useSay } from '../../hooks.ts'
import { tellOrDone, useTerminal } from '../../terminal-context.ts'
import { useUi } from '../../ui-store.ts'
import { Customer } from './customer.tsx'
import { PracticePrinter } from './practice-printer.tsx'

/** The world moves by itself, so an open drawer looks again this often. */
const LOOK_EVERY_MS = 1_000
const PRACTICE = 'practice'
export type Steer = (command: PracticeCommand) => void

/** The practice world, beside the till: virtual customers and the virtual printer. It is not modal, so that a sale goes on next to it. */
export function PracticeDrawer() {
  const isOpen = useUi((ui) => ui.drawerOpen)
  return isOpen ? <Drawer /> : null
}

function Drawer() {
  const { t } = useSay()
  const { client } = useTerminal()
  const queries = useQueryClient()
  const close = () => useUi.getState().setDrawer(false)
  const { data: answer } = useQuery({
    queryKey: [PRACTICE],
    queryFn: () => client.practice(),
    refetchInterval: LOOK_EVERY_MS,
    // A world that is gone is told by its answer; a line that broke is told over the whole screen.
    retry: false,
  })
  const steer: Steer = (command) => {
    void tellOrDone(() => client.steerPractice(command)).then(() => queries.invalidateQueries({ queryKey: [PRACTICE] }))
  }
  const [openId, setOpenId] = useState<string>()
  const panel = useRef<HTMLElement>(null)
  useLayoutEffect(() => {
    const before = document.activeElement
    const { current } = panel
    current?.focus()
    return () => {
      // The focus goes back to where it was, unless the cashier has taken it elsewhere meanwhile.
      if (before instanceof HTMLElement && current?.contains(document.activeElement) === true) before.focus()
    }
  }, [])
  return (
    <aside className="drawer" aria-label={t('drawer.title')} ref={panel} tabIndex={-1} data-testid="drawer">
      <header className="drawer-head">
        <h2>{t('drawer.title')}</h2>
        <ActionIcon aria-label={t('drawer.close')} aria-keyshortcuts="F6 Escape" onClick={close}>
          <IconX />
        </ActionIcon>
      </header>
      <div className="drawer-body">
        {answer === undefined && <p className="empty">{t('drawer.loading')}</p>}
        {answer?.ok === false && (
          <p className="empty" role="status" data-testid="drawer-gone">
            <IconPlugConnectedX size={44} stroke={1.2} aria-hidden="true" />
            <br />
            <strong>{answer.error.code === 'practice-gone' ? t('drawer.gone') : noticeWords(answer.error, t).say}</strong>
            <br />
            {answer.error.code === 'practice-gone' ? t('drawer.goneNext') : noticeWords(answer.error, t).next}
          </p>
        )}
        {answer?.ok === true && (
          <>
            <p className="drawer-lead">{t('drawer.lead')}</p>
            <h3 className="drawer-kind">{t('drawer.customers')}</h3>
            <ul className="customers">
              {byDistance(answer.value.customers).map((customer) => (
                <Customer
                  key={customer.id}
                  customer={customer}
                  isOpen={customer.id === openId}
                  onOpen={() => setOpenId((id) => (id === customer.id ? undefined : customer.id))}
                  steer={steer}
                />
              ))}
            </ul>
            <PracticePrinter printer={answer.value.printer} steer={steer} />
          </>
        )}
      </div>
    </aside>
  )
}
