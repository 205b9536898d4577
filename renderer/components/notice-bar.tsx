import { ActionIcon } from '@mantine/core'
import { IconInfoCircle, IconX } from '@tabler/icons-react'
import { noticeWords } from '../flows/refusal.ts'
import { useSay } from '../hooks.ts'
import { useUi } from '../ui-store.ts'

/** One refusal at a time: what happened, what to do next. It stays until it is put away or the next act succeeds. */
export function NoticeBar() {
  const { t } = useSay()
  const notice = useUi((ui) => ui.notice)
  const tell = useUi((ui) => ui.tell)
  const said = notice === undefined ? undefined : noticeWords(notice, t)
  return (
    <div className="notice-place" role="alert">
      {said !== undefined && (
        <div className="notice" data-testid="notice" data-code={notice?.code}>
          <IconInfoCircle size={28} aria-hidden="true" />
          <p>
            <strong>{said.say}</strong> <span>{said.next}</span>
          </p>
          <ActionIcon aria-label={t('app.close')} onClick={() => tell(undefined)}>
            <IconX />
          </ActionIcon>
        </div>
      )}
    </div>
  )
}
