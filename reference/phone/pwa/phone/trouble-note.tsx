import { useTranslation } from 'react-i18next'
import type { PhoneTrouble } from '../i18n/en-phone.ts'

/** What went wrong with the press before. */
export function TroubleNote({ trouble }: { trouble: PhoneTrouble | undefined }) {
  const { t } = useTranslation()
  return (
    <div role="alert" className="refusal-place">
      {trouble && <p className="note note-bad">{t(`phone.troubles.${trouble}`)}</p>}
    </div>
  )
}
