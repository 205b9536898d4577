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
import { Row, Rows } from './rows.tsx'
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
      <Answered answer={phones}>
        {(all) => (
          <Rows none={t('phones.none')}>
            {all.map((phone) => (
              <PhoneRow key={phone.phoneId} phone={phone} onRetire={() => ask(phone)} />
            ))}
          </Rows>
        )}
      </Answered>
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

function PhoneRow({ phone: { phoneId, addedAt, retiredAt }, onRetire }: { phone: Phone; onRetire: () => void }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const isInUse = retiredAt === undefined
  const retire = (
    <Button kind="plain" onClick={onRetire} name="retire">
      {t('phones.retire')}
    </Button>
  )
  return (
    <Row icon={IconDeviceMobile} tone={isInUse ? 'bound' : 'released'} act={isInUse ? retire : null}>
      <strong>{t('phones.name', { id: shortId(phoneId) })}</strong>
      <span>{t(isInUse ? 'phones.inUse' : 'phones.retired')}</span>
      {addedAt !== undefined && <span className="quiet">{t('phones.added', { day: formatDay(addedAt, language) })}</span>}
      {retiredAt !== undefined && <span className="quiet">{t('phones.retiredAt', { day: formatDay(retiredAt, language) })}</span>}
    </Row>
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
