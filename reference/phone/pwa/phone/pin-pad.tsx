import { IconBackspace } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'

const PIN_DIGITS = 6
const PLACES = Array.from({ length: PIN_DIGITS }, (_, index) => index)
const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9'] as const

/** Six digits by touch or by the keyboard's own, wherever the focus is. Shown as dots and never read aloud. The sixth sends them. */
export function PinPad({ onPin, isBusy }: { onPin: (pin: string) => void; isBusy: boolean }) {
  const { t } = useTranslation()
  const [pin, setPin] = useState('')
  const press = (digit: string) => {
    if (isBusy || pin.length >= PIN_DIGITS) return
    const typed = pin + digit
    setPin(typed.length === PIN_DIGITS ? '' : typed)
    if (typed.length === PIN_DIGITS) onPin(typed)
  }
  const shorten = () => setPin(pin.slice(0, -1))
  usePinKeys(press, shorten)
  return (
    <div className="pin" role="group" aria-label={t('phone.pin.pad')}>
      <div className="pin-dots" role="img" aria-label={t('phone.pin.digits', { count: pin.length })}>
        {PLACES.map((place) => (
          <span key={place} className={place < pin.length ? 'pin-dot pin-dot-full' : 'pin-dot'} />
        ))}
      </div>
      <div className="pin-keys">
        {DIGITS.map((digit) => (
          <Key key={digit} onPress={() => press(digit)} isBusy={isBusy} digit={digit} />
        ))}
        <button type="button" className="pin-key pin-key-soft" onClick={() => setPin('')}>
          {t('phone.pin.clear')}
        </button>
        <Key onPress={() => press('0')} isBusy={isBusy} digit="0" />
        <button type="button" className="pin-key pin-key-soft" aria-label={t('phone.pin.back')} onClick={shorten}>
          <IconBackspace size={26} aria-hidden />
        </button>
      </div>
    </div>
  )
}

function Key({ digit, onPress, isBusy }: { digit: string; onPress: () => void; isBusy: boolean }) {
  return (
    <button type="button" className="pin-key figures" data-digit={digit} aria-disabled={isBusy} onClick={onPress}>
      {digit}
    </button>
  )
}

/** Not while somebody types elsewhere, nor under a question. */
function usePinKeys(press: (digit: string) => void, shorten: () => void): void {
  useEffect(() => {
    const onKey = ({ key, target, ctrlKey, altKey, metaKey }: KeyboardEvent) => {
      const isElsewhere = target instanceof Element && target.matches('input, textarea, select')
      if (ctrlKey || altKey || metaKey || isElsewhere || document.querySelector('dialog[open]')) return
      if (/^[0-9]$/u.test(key)) press(key)
      else if (key === 'Backspace') shorten()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [press, shorten])
}
