import { IconBell, IconShieldExclamation } from '@tabler/icons-react'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { markRead, type Notice, readNotices } from '../api/owner.ts'
import { Page } from '../components/page.tsx'
import { Row, Rows } from '../components/rows.tsx'
import { Answered } from '../components/states.tsx'
import { formatMoment } from '../flows/format.ts'
import { type Detail, detailOf, isAlarming } from '../flows/notices.ts'
import { useAnswer, useLanguage } from '../hooks.ts'
import { useSession } from '../session-store.ts'

export function NoticesScreen() {
  const { t } = useTranslation()
  const notices = useAnswer(['notices'], readNotices)
  useMarkedRead(notices.data)
  return (
    <Page title={t('notices.title')} text={t('notices.text')} back="more">
      <Answered answer={notices}>
        {(all) => (
          <Rows none={t('notices.none')}>
            {all.map((notice) => (
              <NoticeRow key={notice.id} notice={notice} />
            ))}
          </Rows>
        )}
      </Answered>
    </Page>
  )
}

/** What was on the screen has been read. It keeps its mark until the screen is opened again. */
function useMarkedRead(notices: readonly Notice[] | undefined): void {
  const ask = useSession((store) => store.ask)
  useEffect(() => {
    const ids = (notices ?? []).flatMap(({ id, readAt }) => (readAt === undefined ? [id] : []))
    if (ids.length > 0) void markRead(ids).then(ask)
  }, [notices, ask])
}

function useDetail(detail: Detail): string {
  const { t } = useTranslation()
  switch (detail.kind) {
    case 'by':
      return t(`notices.by.${detail.by}`)
    case 'claim':
      return t(`requests.claims.${detail.claim}`)
    case 'text':
      return detail.text
  }
}

function NoticeRow({ notice: { kind, detail, at, readAt } }: { notice: Notice }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const words = useDetail(detailOf(kind, detail))
  const isUrgent = isAlarming(kind)
  return (
    <Row icon={isUrgent ? IconShieldExclamation : IconBell} tone={isUrgent ? 'blocked' : undefined}>
      <strong>
        {t(`notices.kinds.${kind}.title`)} {readAt === undefined && <span className="badge">{t('notices.fresh')}</span>}
      </strong>
      <span>{t(`notices.kinds.${kind}.text`, { detail: words })}</span>
      <span className="quiet figures">{formatMoment(at, language)}</span>
      {isUrgent && readAt === undefined && (
        <a className="urgent" href="#/loss">
          {t('notices.notYou')}
        </a>
      )}
    </Row>
  )
}
