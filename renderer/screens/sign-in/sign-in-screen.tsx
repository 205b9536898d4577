import { IconUser, IconUserShield } from '@tabler/icons-react'
import { useState } from 'react'
import type { StaffOnSignIn } from '#shared/contracts/staff.ts'
import type { Refused } from '#shared/contracts/till.ts'
import type { StaffId } from '#shared/domain/ids.ts'
import { PinPad } from '../../components/pin-pad.tsx'
import { chosenPerson, waitLeft } from '../../flows/pin.ts'
import { noticeWords } from '../../flows/refusal.ts'
import { isRunning } from '../../flows/screen.ts'
import { useNowMs, useSay } from '../../hooks.ts'
import { useTerminal, useTillState } from '../../terminal-context.ts'
import { useUi } from '../../ui-store.ts'

/** Locked: people as tiles, a pad for the PIN. Nothing of the sale behind is drawn. */
export function SignInScreen() {
  const { t } = useSay()
  const { session, payment, cart } = useTillState()
  const [tapped, setTapped] = useState<StaffId>()
  if (session.state !== 'locked') return null
  const person = chosenPerson(session, tapped)
  const showsPins = session.staff.some(({ pin }) => pin !== undefined)
  return (
    <div className="sign-in">
      <section className="panel people" aria-labelledby="people-title">
        <header className="panel-head">
          <h1 id="people-title" tabIndex={-1}>
            {t('signIn.title')}
          </h1>
        </header>
        <div className="panel-scroll">
          <fieldset className="people-tiles">
            <legend className="sr">{t('signIn.title')}</legend>
            {session.staff.map((one) => (
              <PersonTile key={one.id} person={one} isChosen={one.id === person?.id} onChoose={() => setTapped(one.id)} />
            ))}
          </fieldset>
          {showsPins && <p className="people-hint">{t('signIn.practiceHint')}</p>}
          {(isRunning(payment) || cart.state === 'in-doubt') && (
            <p className="people-running" role="status">
              {t('signIn.stillRunning')}
            </p>
          )}
        </div>
      </section>
      <section className="panel sign-in-pad" aria-label={t('signIn.pad')}>
        {person === undefined ? <p className="empty">{t('signIn.choose')}</p> : <Pin key={person.id} person={person} />}
      </section>
    </div>
  )
}

function PersonTile({ person, isChosen, onChoose }: { person: StaffOnSignIn; isChosen: boolean; onChoose: () => void }) {
  const { t } = useSay()
  const Icon = person.role === 'manager' ? IconUserShield : IconUser
  return (
    <label className="person" data-staff={person.id}>
      <input type="radio" className="sr" name="person" value={person.id} checked={isChosen} onChange={onChoose} />
      <Icon size={40} stroke={1.4} aria-hidden="true" />
      <span className="person-name">{person.name}</span>
      <span className="person-role">{t(`role.${person.role}`)}</span>
      {person.pin !== undefined && <span className="person-pin figures">{t('signIn.practicePin', { pin: person.pin })}</span>}
    </label>
  )
}

type Said = Refused['code'] | 'no-answer'

function Pin({ person }: { person: StaffOnSignIn }) {
  const { t } = useSay()
  const { client } = useTerminal()
  const [typed, setTyped] = useState('')
  const [said, setSaid] = useState<Said>()
  const [busy, setBusy] = useState(false)
  const waitS = waitLeft(person, useNowMs())
  const signIn = async () => {
    setBusy(true)
    const answer = await client.signIn({ staffId: person.id, pin: typed }).catch(() => undefined)
    setBusy(false)
    setTyped('')
    if (answer?.ok === true) useUi.getState().tell(undefined)
    else setSaid(answer?.error.code ?? 'no-answer')
  }
  return (
    <div className="sign-in-body">
      <h2>{t('signIn.pin', { name: person.name })}</h2>
      <p className="pin-said" role="alert" data-testid="pin-said">
        {waitS > 0 ? t('signIn.wait', { count: waitS }) : <SignInSaid said={said} />}
      </p>
      <PinPad
        pin={typed}
        onType={(pin) => {
          setTyped(pin)
          setSaid(undefined)
        }}
        onEnter={() => void signIn()}
        enterLabel={t('signIn.enter')}
        disabled={busy || waitS > 0}
      />
    </div>
  )
}

function SignInSaid({ said }: { said: Said | undefined }) {
  const { t } = useSay()
  switch (said) {
    case undefined:
    case 'pin-wait': // The wait is over: the pad is free again.
      return null
    case 'wrong-pin':
      return t('signIn.wrong')
    case 'staff-unknown':
      return t('signIn.gone')
    case 'no-answer':
      return t('signIn.noAnswer')
    default:
      return noticeWords({ code: said }, t).say
  }
}
