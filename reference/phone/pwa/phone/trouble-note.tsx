import { useTranslation } from 'react-i18next'
import type { Trouble } from './phone-act.ts'

/** What went wrong with the press before. */
export function TroubleNote({ trouble }: { trouble: Trouble | undefined }) {
  const { t } = useTranslation()
  return (
    <div role="alert" className="refusal-place">
      {trouble && <p className="note note-bad">{t(`phone.troubles.${trouble.code}`)}</p>}
    </div>
  )
}
