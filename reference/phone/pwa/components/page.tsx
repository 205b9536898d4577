import { IconArrowLeft } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Screen } from '../flows/route.ts'

/** A screen: its title, which takes the focus when the screen is opened, and one line that says what it is for. */
export function Page({ title, text, back, children }: { title: string; text?: string; back?: Screen; children: ReactNode }) {
  const { t } = useTranslation()
  return (
    <div className="page">
      <header className="page-head">
        {back && (
          <a className="back" href={`#/${back}`}>
            <IconArrowLeft size={20} aria-hidden />
            {t('app.back')}
          </a>
        )}
        <h1 tabIndex={-1}>{title}</h1>
        {text !== undefined && <p className="lead">{text}</p>}
      </header>
      {children}
    </div>
  )
}

export function Card({ title, children, kind = 'plain' }: { title?: string; children: ReactNode; kind?: 'plain' | 'red' }) {
  return (
    <section className={`card card-${kind}`}>
      {title !== undefined && <h2>{title}</h2>}
      {children}
    </section>
  )
}

export function Empty({ children }: { children: ReactNode }) {
  return <p className="empty">{children}</p>
}
