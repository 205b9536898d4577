import { IconFingerprint } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AuthorizeRequest } from '#shared/contracts/assertions-api.ts'
import { CLAIMS, type Claim } from '#shared/domain/claims.ts'
import { Button } from '../components/button.tsx'
import { Loading, RefusalNote } from '../components/states.tsx'
import type { Refusal } from '../flows/refusal.ts'
import { useAct, usePreferencesOnPage } from '../hooks.ts'
import { type Asking, agree, askedBy, goBack, requestIn } from './answer.ts'

/** A web service wants to know who the owner is: which one, where the answer goes, and what of it the owner gives. */
export function Consent({ query }: { query: string }) {
  const { t } = useTranslation()
  const [request] = useState(() => requestIn(query))
  const [asking, setAsking] = useState<Asking>()
  const [refusal, setRefusal] = useState<Refusal | undefined>(request ? undefined : { code: 'malformed' })
  usePreferencesOnPage(t('consent.title'))
  useEffect(() => {
    if (!request) return
    void askedBy(request).then((answer) => (answer.ok ? setAsking(answer.value) : setRefusal(answer.error)))
  }, [request])
  return (
    <main className="consent">
      <h1 tabIndex={-1}>{t('consent.title')}</h1>
      <RefusalNote refusal={refusal} />
      {!asking && !refusal && <Loading />}
      {request && asking && <Question request={request} asking={asking} />}
    </main>
  )
}

function Question({ request, asking }: { request: AuthorizeRequest; asking: Asking }) {
  const { t } = useTranslation()
  const { service, claims } = asking
  const [agreed, setAgreed] = useState<readonly Claim[]>(claims)
  const toggle = (claim: Claim) => setAgreed(CLAIMS.filter((one) => (one === claim) !== agreed.includes(one)))
  const act = useAct(async () => agree(request, agreed))
  const go = async () => {
    const made = await act.run()
    if (made) goBack(request, { id_token: made.value.idToken })
  }
  return (
    <>
      <p className="consent-who">
        <strong>{service.name}</strong>
        <span>{service.host}</span>
      </p>
      <p className="lead">{t('consent.text')}</p>
      {claims.length > 0 && (
        <fieldset className="consent-claims">
          <legend>{t('consent.asks')}</legend>
          {claims.map((claim) => (
            <label key={claim} className="consent-claim">
              <input type="checkbox" name={claim} checked={agreed.includes(claim)} onChange={() => toggle(claim)} />
              {t(`consent.claim.${claim}`)}
            </label>
          ))}
        </fieldset>
      )}
      <p className="lead">{t('consent.same')}</p>
      <RefusalNote refusal={act.refusal} />
      <Button icon={IconFingerprint} isBusy={act.isBusy} onClick={() => void go()} name="agree">
        {t('consent.agree')}
      </Button>
      <Button kind="plain" onClick={() => goBack(request, { error: 'access_denied' })} name="refuse">
        {t('consent.refuse')}
      </Button>
    </>
  )
}
