import {
  IconBattery1,
  IconBattery3,
  IconBluetooth,
  IconDeviceWatch,
  IconDeviceWatchOff,
  IconLock,
  IconShieldCheck,
} from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { BandState, WalletPhoneState } from '#reference/phone/web/state.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { useLanguage } from '../hooks.ts'
import { moneyText } from './asked-list.tsx'
import { thePhone } from './phone.ts'
import { usePhoneAct } from './phone-act.ts'
import { TroubleNote } from './trouble-note.tsx'

const LOW_BATTERY_PERCENT = 15

/** How the band is, in words and signs, and the ways to reach it. */
export function BandCard({ band, allowance }: { band: BandState; allowance: WalletPhoneState['allowance'] }) {
  const { t } = useTranslation()
  const language = useLanguage()
  return (
    <section className="phone-card" data-link={band.link}>
      <div className="phone-row">
        <h2>{t('phone.band.title')}</h2>
        <span className={band.link === 'away' ? 'tag' : 'tag tag-good'} role="status">
          {t(`phone.band.links.${band.link}`)}
        </span>
      </div>
      {band.bond === 'bound' ? <Status band={band} /> : <p className="lead">{t(`phone.band.${band.bond}`)}</p>}
      {allowance && <p className="quiet">{t('phone.setAside', { amount: moneyText(allowance, language) })}</p>}
      <Ways band={band} />
    </section>
  )
}

function Status({ band: { status, link } }: { band: BandState }) {
  const { t } = useTranslation()
  if (!status) return null
  const { worn, armed, batteryPercent } = status
  const isLow = batteryPercent < LOW_BATTERY_PERCENT
  return (
    <>
      {link !== 'linked' && <p className="quiet">{t('phone.band.was')}</p>}
      <ul className="band-facts">
        <li className={worn ? 'fact fact-good' : 'fact'}>
          {worn ? <IconDeviceWatch size={24} aria-hidden /> : <IconDeviceWatchOff size={24} aria-hidden />}
          {t(worn ? 'phone.band.worn' : 'phone.band.off')}
        </li>
        <li className={armed ? 'fact fact-good' : 'fact'} data-armed={armed}>
          {armed ? <IconShieldCheck size={24} aria-hidden /> : <IconLock size={24} aria-hidden />}
          {t(armed ? 'phone.band.armed' : 'phone.band.disarmed')}
        </li>
        <li className={isLow ? 'fact fact-low' : 'fact'}>
          {isLow ? <IconBattery1 size={24} aria-hidden /> : <IconBattery3 size={24} aria-hidden />}
          {t('phone.band.battery', { percent: batteryPercent })}
        </li>
      </ul>
    </>
  )
}

/** A way that was taken once is taken again by itself; a browser lets a page look for bands only after a tap. */
function Ways({ band: { link, way } }: { band: BandState }) {
  const { t } = useTranslation()
  const find = usePhoneAct(async () => thePhone()?.reach('bluetooth'))
  const again = usePhoneAct(async () => thePhone()?.reconnect())
  if (link !== 'away') return null
  return (
    <>
      {way !== undefined && (
        <Button kind="plain" onClick={() => void again.run()} isBusy={again.isBusy} name="reconnect">
          {t('phone.band.reconnect')}
        </Button>
      )}
      {way !== 'practice' && (
        <>
          <p className="quiet">{t('phone.band.bluetoothText')}</p>
          <Button kind="plain" icon={IconBluetooth} onClick={() => void find.run()} isBusy={find.isBusy} name="bluetooth">
            {t('phone.band.bluetooth')}
          </Button>
        </>
      )}
      <TroubleNote trouble={find.refusal ?? again.refusal} />
    </>
  )
}

/** What is done seldom: the owner's page, letting the band go. */
export function BandAfterwards({ isBound }: { isBound: boolean }) {
  const { t } = useTranslation()
  const [isLeaving, setLeaving] = useState(false)
  const release = usePhoneAct(async () => thePhone()?.carryRelease())
  const owner = usePhoneAct(async () => {
    const ticket = await thePhone()?.inviteOwner()
    if (ticket?.ok === true) window.location.hash = `#/invited/${ticket.value}`
    return ticket
  })
  return (
    <section className="phone-card">
      <a className="phone-lost" href="#/loss">
        {t('phone.band.lost')}
      </a>
      <Button kind="quiet" onClick={() => void owner.run()} isBusy={owner.isBusy} name="owner">
        {t('phone.band.owner')}
      </Button>
      {isBound && (
        <>
          <p className="quiet">{t('phone.band.releaseText')}</p>
          <Button kind="plain" onClick={() => void release.run()} isBusy={release.isBusy} name="release">
            {t('phone.band.release')}
          </Button>
        </>
      )}
      <TroubleNote trouble={release.refusal ?? owner.refusal} />
      <Button kind="quiet" onClick={() => setLeaving(true)} name="forget-phone">
        {t('phone.leave.go')}
      </Button>
      {isLeaving && <Leave onClose={() => setLeaving(false)} />}
    </section>
  )
}

/** Asked first: what is forgotten here is forgotten for good. */
function Leave({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const forget = usePhoneAct(async () => thePhone()?.forget())
  const go = async () => {
    if (await forget.run()) window.location.reload()
  }
  return (
    <Dialog title={t('phone.leave.title')} onClose={onClose}>
      <p>{t('phone.leave.text')}</p>
      <TroubleNote trouble={forget.refusal} />
      <div className="dialog-acts">
        <Button kind="danger" onClick={() => void go()} isBusy={forget.isBusy} name="confirm">
          {t('phone.leave.yes')}
        </Button>
        <Button kind="plain" onClick={onClose} name="cancel">
          {t('app.cancel')}
        </Button>
      </div>
    </Dialog>
  )
}
