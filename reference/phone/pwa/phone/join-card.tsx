import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { readPracticeLink } from '#shared/contracts/practice-wallet.ts'
import { err } from '#shared/result.ts'
import { Button } from '../components/button.tsx'
import { useRoute } from '../route-store.ts'
import { thePhone } from './phone.ts'
import { usePhoneAct } from './phone-act.ts'
import { TroubleNote } from './trouble-note.tsx'

/** A browser that is no phone yet: it joins with a one-time code, or by the link the practice world printed. */
export function JoinCard() {
  const { rest } = useRoute((store) => store.route)
  const practice = readPracticeLink(rest)
  return practice ? <PracticeJoin {...practice} /> : <CodeJoin />
}

function PracticeJoin({ port, token }: { port: number; token: string }) {
  const { t } = useTranslation()
  const replace = useRoute((store) => store.replace)
  const join = usePhoneAct(async () => {
    const phone = thePhone()
    const reached = await phone?.reach({ port, token })
    if (reached?.ok !== true) return reached
    const code = await phone?.practiceInvitation()
    return code === undefined ? err('no-network' as const) : phone?.enrol(code)
  })
  const go = async () => {
    // The word of the link is used up now, and has no business in the address any more.
    if (await join.run()) replace('phone')
  }
  return (
    <section className="phone-card">
      <h2>{t('phone.join.title')}</h2>
      <p>{t('phone.join.practice')}</p>
      <TroubleNote trouble={join.refusal} />
      <Button onClick={() => void go()} isBusy={join.isBusy} name="join">
        {t('phone.join.goPractice')}
      </Button>
    </section>
  )
}

function CodeJoin() {
  const { t } = useTranslation()
  const [code, setCode] = useState('')
  const id = useId()
  const join = usePhoneAct(async () => thePhone()?.enrol(code.trim()))
  return (
    <form
      className="phone-card"
      onSubmit={(event) => {
        event.preventDefault()
        void join.run()
      }}
    >
      <h2>{t('phone.join.title')}</h2>
      <p>{t('phone.join.text')}</p>
      <label htmlFor={id}>{t('phone.join.code')}</label>
      <input
        id={id}
        className="phone-code"
        autoComplete="one-time-code"
        autoCapitalize="characters"
        spellCheck={false}
        maxLength={64}
        value={code}
        onChange={({ target }) => setCode(target.value)}
      />
      <TroubleNote trouble={join.refusal} />
      <Button type="submit" isBusy={join.isBusy} name="join">
        {t('phone.join.go')}
      </Button>
    </form>
  )
}
