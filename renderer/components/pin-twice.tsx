import { useState } from 'react'
import { PIN_DIGITS_MAX, PIN_DIGITS_MIN } from '#shared/contracts/staff.ts'
import { useSay } from '../hooks.ts'
import { PinPad } from './pin-pad.tsx'

/** A new PIN, typed twice so that a slip is found. Calls back with it once both are the same. */
export function PinTwice({ busy, doneLabel, onPin }: { busy: boolean; doneLabel: string; onPin: (pin: string) => void }) {
  const { t } = useSay()
  const [first, setFirst] = useState<string>()
  const [typed, setTyped] = useState('')
  const [differs, setDiffers] = useState(false)
  const enter = () => {
    if (first === undefined) {
      setFirst(typed)
      setTyped('')
      setDiffers(false)
    } else if (first === typed) {
      onPin(typed)
    } else {
      setFirst(undefined)
      setTyped('')
      setDiffers(true)
    }
  }
  return (
    <div className="pin-twice">
      <p className="pin-step">{first === undefined ? t('setUp.pin') : t('setUp.again')}</p>
      <p className="pin-said" role="alert">
        {differs ? t('setUp.differs') : ''}
      </p>
      <PinPad
        pin={typed}
        onType={setTyped}
        onEnter={enter}
        enterLabel={first === undefined ? t('setUp.nextPin') : doneLabel}
        disabled={busy}
      />
      <p className="pin-hint">{t('setUp.pinHint', { min: PIN_DIGITS_MIN, max: PIN_DIGITS_MAX })}</p>
    </div>
  )
}
