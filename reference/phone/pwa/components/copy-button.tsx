import { IconCheck, IconCopy } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from './button.tsx'

/** Copies a text; where the browser forbids it, the text still stands there to be read. */
export function CopyButton({ text }: { text: string }) {
  const { t } = useTranslation()
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
    } catch {
      setCopied(false)
    }
  }
  return (
    <Button kind="plain" icon={isCopied ? IconCheck : IconCopy} onClick={() => void copy()} name="copy">
      <span role="status">{t(isCopied ? 'app.copied' : 'app.copy')}</span>
    </Button>
  )
}
