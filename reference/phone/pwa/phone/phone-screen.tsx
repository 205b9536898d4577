import { useTranslation } from 'react-i18next'
import { Loading } from '../components/states.tsx'
import { AskedList } from './asked-list.tsx'
import { BandAfterwards, BandCard } from './band-card.tsx'
import { ConsentsCard } from './consents-card.tsx'
import { HandCard } from './hand-card.tsx'
import { JoinCard } from './join-card.tsx'
import { PairCard } from './pair-card.tsx'
import { thePhone, useAwake, usePhone } from './phone.ts'
import { PinCard } from './pin-card.tsx'

/** The phone in this page: its band, what it is asked, and what its owner does with it. It needs no passkey: it has a key of its own. */
export function PhoneScreen() {
  const { t } = useTranslation()
  const { enrolment } = usePhone()
  return (
    <div className="phone">
      <h1 tabIndex={-1}>{t('phone.title')}</h1>
      <p className="lead">{enrolment.state === 'enrolled' ? enrolment.displayName : t('phone.text')}</p>
      <PhoneBody />
    </div>
  )
}

function PhoneBody() {
  const { t } = useTranslation()
  const { tab, enrolment, pin, band, requests, consents, allowance } = usePhone()
  const isBound = band.bond === 'bound'
  useAwake(isBound && band.link === 'linked')
  if (!thePhone()) return <p className="note">{t('phone.notHere')}</p>
  switch (tab) {
    case 'starting':
      return <Loading />
    case 'waiting':
      return <Said title={t('phone.waitingTitle')} text={t('phone.waitingText')} />
    case 'no-storage':
      return <Said title={t('phone.noStorageTitle')} text={t('phone.noStorageText')} />
    case 'holding':
      break
  }
  if (enrolment.state === 'none') {
    return (
      <>
        <JoinCard />
        <p className="note">{t('phone.stay')}</p>
      </>
    )
  }
  const isNear = band.link === 'near' || band.link === 'linked'
  return (
    <>
      <BandCard band={band} allowance={allowance} />
      {!isBound && isNear && <PairCard band={band} />}
      {isBound && <PinCard pin={pin} isArmed={band.status?.armed === true} canArm={band.link === 'linked'} />}
      <HandCard band={band} />
      <p className="note">{t('phone.stay')}</p>
      <AskedList requests={requests} />
      <ConsentsCard consents={consents} />
      <BandAfterwards isBound={isBound} />
    </>
  )
}

function Said({ title, text }: { title: string; text: string }) {
  return (
    <section className="phone-card" role="status">
      <h2>{title}</h2>
      <p>{text}</p>
    </section>
  )
}
