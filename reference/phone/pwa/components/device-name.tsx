import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { LABEL_MAX } from '#shared/contracts/owner-api.ts'
import { Field } from './field.tsx'

/** What the owner calls the device that keeps a passkey. `read`: what was typed, or undefined, and then the field says why. */
export function useDeviceName(): { readonly field: ReactNode; readonly read: () => string | undefined } {
  const { t } = useTranslation()
  const [typed, setTyped] = useState(() => t('invited.deviceName'))
  const [isUnnamed, setUnnamed] = useState(false)
  const read = () => {
    const name = typed.trim()
    setUnnamed(name === '')
    return name === '' ? undefined : name
  }
  const field = (
    <Field
      label={t('invited.label')}
      value={typed}
      onChange={setTyped}
      maxLength={LABEL_MAX}
      error={isUnnamed ? t('invited.labelEmpty') : undefined}
      name="label"
    />
  )
  return { field, read }
}
