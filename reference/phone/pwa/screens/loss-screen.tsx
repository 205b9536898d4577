import { IconHandStop, IconListSearch, IconShieldCheck } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { OwnerStanding } from '#shared/contracts/owner-api.ts'
import { freeze, unfreeze } from '../api/owner.ts'
import { BandList } from '../components/band-list.tsx'
import { Button } from '../components/button.tsx'
import { Card, Page } from '../components/page.tsx'
import { PhoneList } from '../components/phone-list.tsx'
import { SignInActs } from '../components/sign-in-acts.tsx'
import { Loading, RefusalNote, Trouble } from '../components/states.tsx'
import { formatDay, formatSecond } from '../flows/format.ts'
import { useAct, useLanguage } from '../hooks.ts'
import { useSession } from '../session-store.ts'

/** Three presses for somebody who has never been here: to this page, who I am, stop. Everything else waits until money is safe. */
export function LossScreen() {
  const { t } = useTranslation()
  const { session, ask } = useSession()
  switch (session.state) {
    case 'asking':
      return (
        <Page title={t('loss.title')}>
          <Loading />
        </Page>
      )
    case 'unreachable':
      return (
        <Page title={t('loss.title')}>
          <Trouble refusal={session.refusal} onRetry={() => void ask()} />
        </Page>
      )
    case 'signed-out':
      return (
        <Page title={t('loss.title')} text={t('loss.text')}>
          <h2>{t('loss.first')}</h2>
          <SignInActs then="loss" />
        </Page>
      )
    case 'signed-in':
      return session.standing.freeze ? <Stopped freeze={session.standing.freeze} /> : <Stop standing={session.standing} />
  }
}

function Stop({ standing }: { standing: OwnerStanding }) {
  const { t } = useTranslation()
  const arrive = useSession((store) => store.arrive)
  const stop = useAct(freeze)
  const go = async () => {
    const stopped = await stop.run()
    if (!stopped) return
    arrive({ ...standing, freeze: stopped.value.freeze })
    document.querySelector<HTMLElement>('h1')?.focus()
  }
  return (
    <Page title={t('loss.title')} text={t('loss.text')}>
      <div className="stop-place">
        <button
          type="button"
          className="stop"
          data-act="stop"
          aria-disabled={stop.isBusy}
          aria-busy={stop.isBusy}
          onClick={() => void go()}
        >
          <IconHandStop size={44} aria-hidden />
          <span>{t(stop.isBusy ? 'loss.stopping' : 'loss.stop')}</span>
        </button>
        <p className="quiet">{t('loss.stopText')}</p>
      </div>
      <RefusalNote refusal={stop.refusal} />
    </Page>
  )
}

function Stopped({ freeze: { at, by } }: { freeze: NonNullable<OwnerStanding['freeze']> }) {
  const { t } = useTranslation()
  const language = useLanguage()
  return (
    <div className="page">
      <section className="stopped" data-testid="stopped">
        <IconShieldCheck size={44} aria-hidden />
        <h1 tabIndex={-1}>{t('loss.doneTitle')}</h1>
        <p>{t('loss.doneAt', { time: formatSecond(at, language), day: formatDay(at, language) })}</p>
        <p>{t(`loss.doneBy.${by}`)}</p>
      </section>
      <Card title={t('loss.what')}>
        <ul className="bullets">
          <li>{t('loss.what1')}</li>
          <li>{t('loss.what2')}</li>
          <li>{t('loss.what3')}</li>
        </ul>
        <a className="button button-plain" href="#/statement">
          <IconListSearch size={22} aria-hidden />
          <span>{t('loss.seePayments')}</span>
        </a>
      </Card>
      <h2 className="section">{t('loss.next')}</h2>
      <p className="quiet">
        {t('loss.nextText')} {t('loss.nextCode')}
      </p>
      <Card title={t('loss.band')}>
        <p>{t('loss.bandText')}</p>
        <BandList />
      </Card>
      <Card title={t('loss.phone')}>
        <p>{t('loss.phoneText')}</p>
        <PhoneList />
      </Card>
      {(by === 'passkey' || by === 'recovery-code') && <Unfreeze />}
    </div>
  )
}

function Unfreeze() {
  const { t } = useTranslation()
  const ask = useSession((store) => store.ask)
  const queries = useQueryClient()
  const act = useAct(unfreeze)
  const go = async () => {
    if (!(await act.run())) return
    await ask()
    await queries.invalidateQueries()
    document.querySelector<HTMLElement>('h1')?.focus()
  }
  return (
    <Card title={t('loss.found')}>
      <p>{t('loss.foundText')}</p>
      <Button isBusy={act.isBusy} onClick={() => void go()} name="unfreeze">
        {t('loss.unfreeze')}
      </Button>
      <RefusalNote refusal={act.refusal} />
    </Card>
  )
}
