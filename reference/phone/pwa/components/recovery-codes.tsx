import { IconPrinter } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from './button.tsx'
import { CopyButton } from './copy-button.tsx'

/** Shown once: the way on is open when the owner says that they are kept. */
export function RecoveryCodes({ codes, onKept }: { codes: readonly string[]; onKept: () => void }) {
  const { t } = useTranslation()
  const [isKept, setKept] = useState(false)
  const [isAsked, setAsked] = useState(false)
  return (
    <div className="codes">
      <p>{t('codes.text')}</p>
      <ol className="code-list figures" data-testid="codes">
        {codes.map((code) => (
          <li key={code} className="code">
            {code}
          </li>
        ))}
      </ol>
      <p className="quiet">{t('codes.where')}</p>
      <div className="pair no-print">
        <Button kind="plain" icon={IconPrinter} onClick={() => window.print()} name="print">
          {t('codes.print')}
        </Button>
        <CopyButton text={codes.join('\n')} />
      </div>
      <label className="check no-print">
        <input type="checkbox" checked={isKept} onChange={(event) => setKept(event.target.checked)} />
        <span>{t('codes.kept')}</span>
      </label>
      <div role="alert" className="refusal-place">
        {isAsked && !isKept && <p className="note">{t('codes.keptFirst')}</p>}
      </div>
      <div className="no-print">
        <Button onClick={() => (isKept ? onKept() : setAsked(true))} name="kept">
          {t('codes.go')}
        </Button>
      </div>
    </div>
  )
}
