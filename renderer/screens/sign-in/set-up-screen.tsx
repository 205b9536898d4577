import { Button, TextInput } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import { STAFF_NAME_MAX } from '#shared/contracts/staff.ts'
import { PinTwice } from '../../components/pin-twice.tsx'
import { useSay } from '../../hooks.ts'
import { useAct, useTerminal } from '../../terminal-context.ts'

/** The first start of a live till: the first manager's name, then a PIN, twice. */
export function SetUpScreen() {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const [name, setName] = useState('')
  const [isNamed, setIsNamed] = useState(false)
  const trimmed = name.trim()
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => input.current?.focus(), [])
  return (
    <div className="set-up">
      <section className="panel set-up-card" aria-labelledby="set-up-title">
        <h1 id="set-up-title" tabIndex={-1}>
          {t('setUp.title')}
        </h1>
        {isNamed ? (
          <>
            <p className="set-up-name">
              <Button variant="subtle" color="gray" leftSection={<IconArrowLeft aria-hidden="true" />} onClick={() => setIsNamed(false)}>
                <span className="sr">{t('setUp.back')} </span>
                {trimmed}
              </Button>
            </p>
            <PinTwice busy={busy} doneLabel={t('setUp.done')} onPin={(pin) => act(() => client.setUp({ name: trimmed, pin }))} />
          </>
        ) : (
          <form
            className="set-up-form"
            onSubmit={(event) => {
              event.preventDefault()
              if (trimmed !== '') setIsNamed(true)
            }}
          >
            <p>{t('setUp.lead')}</p>
            <TextInput
              ref={input}
              label={t('setUp.name')}
              description={t('setUp.nameHint', { count: STAFF_NAME_MAX })}
              value={name}
              maxLength={STAFF_NAME_MAX}
              autoComplete="off"
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Button type="submit" className="charge" fullWidth data-primary disabled={trimmed === ''}>
              {t('setUp.next')}
            </Button>
          </form>
        )}
      </section>
    </div>
  )
}
