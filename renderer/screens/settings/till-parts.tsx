import { NativeSelect, SegmentedControl, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { LOCK_AFTER_MINUTES, RADIO_CHOICES, type SettingsView } from '#shared/contracts/settings.ts'
import { LANGUAGES, type Language } from '#shared/domain/words.ts'
import { radioWhy, radioWords } from '../../flows/radio.ts'
import { useSay } from '../../hooks.ts'
import { chooseSound, soundIsOn } from '../../sound-choice.ts'
import { useAct, useTerminal, useTillState } from '../../terminal-context.ts'
import { Facts, Part } from './part.tsx'

type PartProps = { readonly settings: SettingsView; readonly isManager: boolean; readonly onSaved: () => void }

const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { 'zh-CN': '简体中文', en: 'English' }

/** What belongs to this screen: anybody may change it. */
export function ScreenPart() {
  const { t } = useSay()
  const { language } = useTillState()
  const { client } = useTerminal()
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light')
  const [hasSound, setHasSound] = useState(soundIsOn)
  // As with the button in the bar: when the line is broken the till keeps its language.
  const speak = (chosen: Language) => void client.setLanguage({ language: chosen }).catch(() => undefined)
  return (
    <Part title={t('settings.screen')}>
      <Choice label={t('settings.language')}>
        <SegmentedControl
          aria-label={t('settings.language')}
          transitionDuration={0}
          value={language}
          data={LANGUAGES.map((value) => ({ value, label: <span lang={value}>{LANGUAGE_NAMES[value]}</span> }))}
          onChange={(value) => speak(value === 'en' ? 'en' : 'zh-CN')}
        />
      </Choice>
      <Choice label={t('settings.colours')}>
        <SegmentedControl
          aria-label={t('settings.colours')}
          transitionDuration={0}
          value={scheme}
          data={(['light', 'dark'] as const).map((value) => ({ value, label: t(`settings.${value}`) }))}
          onChange={(value) => setColorScheme(value === 'dark' ? 'dark' : 'light')}
        />
      </Choice>
      <Choice label={t('settings.sound')} hint={t('settings.soundHint')}>
        <SegmentedControl
          aria-label={t('settings.sound')}
          transitionDuration={0}
          value={hasSound ? 'on' : 'off'}
          data={(['on', 'off'] as const).map((value) => ({ value, label: t(`settings.${value}`) }))}
          onChange={(value) => {
            chooseSound(value === 'on')
            setHasSound(value === 'on')
          }}
        />
      </Choice>
    </Part>
  )
}

export function LockPart({ settings, isManager, onSaved }: PartProps) {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const name = (minutes: number) => (minutes === 0 ? t('settings.lockNever') : t('settings.lockAfterMinutes', { count: minutes }))
  return (
    <Part title={t('settings.lockAfter')} isLocked={!isManager}>
      {isManager ? (
        <NativeSelect
          size="lg"
          aria-label={t('settings.lockAfter')}
          description={t('settings.lockHint')}
          disabled={busy}
          value={settings.lockAfterMinutes}
          data={LOCK_AFTER_MINUTES.map((minutes) => ({ value: String(minutes), label: name(minutes) }))}
          onChange={({ currentTarget }) => {
            const lockAfterMinutes = LOCK_AFTER_MINUTES.find((minutes) => String(minutes) === currentTarget.value)
            if (lockAfterMinutes !== undefined) act(() => client.changeSettings({ lockAfterMinutes }), onSaved)
          }}
        />
      ) : (
        <Facts facts={[[t('settings.lockAfter'), name(settings.lockAfterMinutes)]]} />
      )}
    </Part>
  )
}

/** Which driver listens for bands, and why. The state says what is really in use. */
export function RadioPart({ settings: { radio }, isManager, onSaved }: PartProps) {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const why = radioWhy(radio, t)
  const inUse = (
    <>
      {radioWords(radio, t)}
      {why !== '' && <span className="part-detail">{why}</span>}
    </>
  )
  const isChoice = radio.chosenBy === 'settings'
  const chosen = t(`settings.radioIs.${radio.choice}`)
  const choiceFacts = {
    settings: isManager ? [] : [[t('settings.radioChoice'), chosen] as const],
    start: [[t('settings.radioChoice'), t('settings.radioAtStart', { driver: chosen })] as const],
    practice: [],
  }[radio.chosenBy]
  return (
    <Part title={t('settings.radio')} isLocked={isChoice && !isManager}>
      {isChoice && isManager && (
        <NativeSelect
          size="lg"
          label={t('settings.radioChoice')}
          disabled={busy}
          value={radio.choice}
          data={RADIO_CHOICES.map((choice) => ({ value: choice, label: t(`settings.radioIs.${choice}`) }))}
          onChange={({ currentTarget }) => {
            const choice = RADIO_CHOICES.find((one) => one === currentTarget.value)
            if (choice !== undefined) act(() => client.changeSettings({ radio: choice }), onSaved)
          }}
        />
      )}
      <Facts facts={[...choiceFacts, [t('settings.radioUse'), inUse] as const]} />
    </Part>
  )
}

function Choice({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    <div className="choice">
      <span className="choice-label">{label}</span>
      {children}
      {hint !== undefined && <p className="choice-hint">{hint}</p>}
    </div>
  )
}
