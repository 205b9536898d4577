import { IconFingerprint } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PinState } from '#reference/phone/web/state.ts'
import { Button } from '../components/button.tsx'
import { thePhone, useSecondsUntil } from './phone.ts'
import { usePhoneAct } from './phone-act.ts'
import { PinPad } from './pin-pad.tsx'
import { TroubleNote } from './trouble-note.tsx'

/** The PIN: chosen once, by typing it twice; then it arms the band. */
export function PinCard({ pin, isArmed, canArm }: { pin: PinState; isArmed: boolean; canArm: boolean }) {
  if (!pin.isSet) return <ChoosePin />
  return canArm && !isArmed ? <Arm pin={pin} /> : null
}

function ChoosePin() {
  const { t } = useTranslation()
  const [first, setFirst] = useState<string>()
  const [isDifferent, setDifferent] = useState(false)
  const set = usePhoneAct(async (pin: string) => thePhone()?.setPin(pin))
  const take = (pin: string) => {
    setDifferent(first !== undefined && pin !== first)
    setFirst(first === undefined ? pin : undefined)
    if (pin === first) void set.run(pin)
  }
  return (
    <section className="phone-card">
      <h2>{t('phone.pin.setTitle')}</h2>
      <p role="status">{t(first === undefined ? 'phone.pin.setText' : 'phone.pin.again')}</p>
      <div role="alert" className="refusal-place">
        {isDifferent && <p className="note note-bad">{t('phone.pin.different')}</p>}
      </div>
      <TroubleNote trouble={set.refusal} />
      <PinPad onPin={take} isBusy={set.isBusy} />
    </section>
  )
}

function Arm({ pin }: { pin: PinState }) {
  const { t } = useTranslation()
  const [isAllowing, setAllowing] = useState(false)
  const [offeredNone, setOfferedNone] = useState(false)
  const arm = usePhoneAct(async (typed: string) => thePhone()?.arm(typed))
  const withDevice = usePhoneAct(async () => thePhone()?.armWithDevice())
  const allow = usePhoneAct(async (typed: string) => {
    const allowed = await thePhone()?.allowDeviceUnlock(typed)
    if (allowed?.ok === true) {
      setAllowing(false)
      setOfferedNone(!allowed.value)
    }
    return allowed
  })
  const seconds = useSecondsUntil(pin.waitUntilMs)
  const trouble = arm.refusal ?? withDevice.refusal ?? allow.refusal
  return (
    <section className="phone-card">
      <h2>{t('phone.pin.armTitle')}</h2>
      <p>{t(isAllowing ? 'phone.pin.enterForDevice' : 'phone.pin.armText')}</p>
      {/* How long to wait is said below; why, only while there is a wait. */}
      <TroubleNote trouble={trouble === 'wait' && seconds === 0 ? undefined : trouble} />
      {seconds > 0 && <p className="note">{t('phone.pin.seconds', { count: seconds })}</p>}
      <PinPad onPin={(typed) => void (isAllowing ? allow : arm).run(typed)} isBusy={arm.isBusy || allow.isBusy || seconds > 0} />
      {pin.hasDeviceUnlock ? (
        <Button kind="plain" icon={IconFingerprint} onClick={() => void withDevice.run()} isBusy={withDevice.isBusy} name="arm-device">
          {t('phone.pin.device')}
        </Button>
      ) : (
        <Button kind="quiet" icon={IconFingerprint} onClick={() => setAllowing(!isAllowing)} name="use-device">
          {t(isAllowing ? 'phone.pin.close' : 'phone.pin.useDevice')}
        </Button>
      )}
      {offeredNone && <p role="status">{t('phone.pin.noDevice')}</p>}
    </section>
  )
}
