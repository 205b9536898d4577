import { IconDeviceMobile } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { invitePhone, type Phone, type PhoneInvitation, readPhones, retirePhone } from '../api/owner.ts'
import { formatDay, formatTime, shortId } from '../flows/format.ts'
import { useAct, useAnswer, useAskFirst, useLanguage } from '../hooks.ts'
import { useSession } from '../session-store.ts'
import { Button } from './button.tsx'
import { CopyButton } from './copy-button.tsx'
import { Confirm, Dialog } from './dialog.tsx'
import { Empty } from './page.tsx'
import { Answered, DoneNote, RefusalNote } from './states.tsx'

/** The account's phones, the way to retire each, and the way in for a new one. */
export function PhoneList() {
  const { t } = useTranslation()
  const phones = useAnswer(['phones'], readPhones)
  const queries = useQueryClient()
  const [retired, setRetired] = useState<string>()
  const [invitation, setInvitation] = useState<PhoneInvitation>()
  const invite = useAct(invitePhone)
  const askStanding = useSession((store) => store.ask)
  const { asked, ask, dialog } = useAskFirst(
    async ({ phoneId }: Phone) => retirePhone(phoneId),
    async ({ phoneId }) => {
      setRetired(shortId(phoneId))
      await queries.invalidateQueries({ queryKey: ['phones'] })
      await queries.invalidateQueries({ queryKey: ['bands'] })
      await askStanding()
    },
  )
  const goInvite = async () => setInvitation((await invite.run())?.value)
  return (
    <>
      <Answered answer={phones}>{(all) => <Phones phones={all} onRetire={ask} />}</Answered>
      <DoneNote words={retired === undefined ? undefined : t('phones.retiredNow', { id: retired })} />
      <Button kind="plain" icon={IconDeviceMobile} isBusy={invite.isBusy} onClick={() => void goInvite()} name="invite">
        {t('phones.invite')}
      </Button>
      <RefusalNote refusal={invite.refusal} />
      {asked && (
        <Confirm
          title={t('phones.retireTitle', { id: shortId(asked.phoneId) })}
          text={t('phones.retireText')}
          action={t('phones.retire')}
          {...dialog}
        />
      )}
      {invitation && <InvitationDialog invitation={invitation} onClose={() => setInvitation(undefined)} />}
    </>
  )
}

function Phones({ phones, onRetire }: { phones: readonly Phone[]; onRetire: (phone: Phone) => void }) {
  const { t } = useTranslation()
  const language = useLanguage()
  if (phones.length === 0) return <Empty>{t('phones.none')}</Empty>
  return (
    <ul className="rows">
      {phones.map((phone) => (
        <li key={phone.phoneId} className="row row-acts">
          <span className={`row-icon row-icon-${phone.retiredAt === undefined ? 'bound' : 'released'}`}>
            <IconDeviceMobile size={24} aria-hidden />
          </span>
          <span className="row-main">
            <strong>{t('phones.name', { id: shortId(phone.phoneId) })}</strong>
            <span>{t(phone.retiredAt === undefined ? 'phones.inUse' : 'phones.retired')}</span>
            {phone.addedAt !== undefined && <span className="quiet">{t('phones.added', { day: formatDay(phone.addedAt, language) })}</span>}
            {phone.retiredAt !== undefined && (
              <span className="quiet">{t('phones.retiredAt', { day: formatDay(phone.retiredAt, language) })}</span>
            )}
          </span>
          {phone.retiredAt === undefined && (
            <span className="row-act">
              <Button kind="plain" onClick={() => onRetire(phone)} name="retire">
                {t('phones.retire')}
              </Button>
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}

function InvitationDialog({ invitation, onClose }: { invitation: PhoneInvitation; onClose: () => void }) {
  const { t } = useTranslation()
  const language = useLanguage()
  return (
    <Dialog title={t('phones.inviteTitle')} onClose={onClose}>
      <p>{t('phones.inviteText', { time: formatTime(invitation.expiresAt, language) })}</p>
      <p className="big-code figures" data-testid="phone-code">
        {invitation.code}
      </p>
      <div className="dialog-acts">
        <CopyButton text={invitation.code} />
        <Button onClick={onClose} name="close">
          {t('app.close')}
        </Button>
      </div>
    </Dialog>
  )
}
