import { IconBackspace } from '@tabler/icons-react'
import { useEffect } from 'react'
import { PIN_DIGITS_MAX, PIN_DIGITS_MIN } from '#shared/contracts/staff.ts'
import { isWholePin, PIN_KEYS, type PinKey, pinKeyOf, typePin } from '../flows/pin.ts'
import { useSay } from '../hooks.ts'

const DOTS = Array.from({ length: PIN_DIGITS_MAX }, (_, index) => index)

type PinPadProps = {
  readonly pin: string
  readonly onType: (pin: string) => void
  readonly onEnter: () => void
  readonly enterLabel: string
  readonly disabled: boolean
}

/** A PIN by touch or by the keyboard's own digits, wherever the focus is. What is typed is shown as dots and never read aloud. */
export function PinPad({ pin, onType, onEnter, enterLabel, disabled }: PinPadProps) {
  const { t } = useSay()
  const press = (key: PinKey) => {
    if (!disabled) onType(typePin(pin, key))
  }
  const canEnter = isWholePin(pin) && !disabled
  usePinKeys(press, () => canEnter && onEnter())
  return (
    <div className="pin" role="group" aria-label={t('signIn.pad')}>
      <div className="pin-dots" role="img" aria-label={t('signIn.digits', { count: pin.length })} data-testid="pin-dots">
        {DOTS.map((index) => (
          <span
            key={index}
            className={index < pin.length ? 'pin-dot pin-dot-full' : index < PIN_DIGITS_MIN ? 'pin-dot' : 'pin-dot pin-dot-spare'}
          />
        ))}
      </div>
      <div className="pin-keys">
        {PIN_KEYS.slice(0, 9).map((key) => (
          <Digit key={key} digit={key} disabled={disabled} onPress={press} />
        ))}
        <button type="button" className="key key-soft" disabled={disabled} onClick={() => press('clear')}>
          {t('signIn.clear')}
        </button>
        <Digit digit="0" disabled={disabled} onPress={press} />
        <button type="button" className="key key-soft" disabled={disabled} aria-label={t('signIn.back')} onClick={() => press('back')}>
          <IconBackspace aria-hidden="true" />
        </button>
      </div>
      <button type="button" className="pin-enter" data-primary aria-disabled={!canEnter} onClick={() => canEnter && onEnter()}>
        {enterLabel}
      </button>
    </div>
  )
}

function Digit({ digit, disabled, onPress }: { digit: (typeof PIN_KEYS)[number]; disabled: boolean; onPress: (key: PinKey) => void }) {
  return (
    <button type="button" className="key figures" disabled={disabled} onClick={() => onPress(digit)}>
      {digit}
    </button>
  )
}

/** Enter signs in from anywhere but another button, which it presses. */
function usePinKeys(press: (key: PinKey) => void, enter: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      // A key that is held down types on, but one press of Enter is one try.
      if (event.repeat && event.key === 'Enter') return event.preventDefault()
      if (event.ctrlKey || event.altKey || event.metaKey) return
      const target = event.target instanceof Element ? event.target : undefined
      if (target?.matches('input:not([type="radio"]), textarea, select') === true) return
      // The help over the sign-in screen keeps the keys; the dialog the pad itself is in does not.
      if (document.querySelector('dialog.help[open]') !== null) return
      const key = pinKeyOf(event.key)
      if (key !== undefined) press(key)
      else if (event.key === 'Enter' && target?.matches('button:not(.key)') !== true) enter()
      else return
      event.preventDefault()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  })
}
