import { ActionIcon, Kbd } from '@mantine/core'
import { IconArrowDown, IconArrowLeft, IconArrowRight, IconArrowUp, IconX } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import type { Screen } from '../flows/screen.ts'
import { keyboardMap } from '../flows/shortcuts.ts'
import { useSay } from '../hooks.ts'
import { useTillState } from '../terminal-context.ts'
import { useUi } from '../ui-store.ts'

const ARROWS = { '←': IconArrowLeft, '↑': IconArrowUp, '↓': IconArrowDown, '→': IconArrowRight } as const

function isArrow(key: string): key is keyof typeof ARROWS {
  return key in ARROWS
}

/** The keyboard map of this screen, on `?`. The browser's own dialog: it keeps the focus, closes on Escape and gives the focus back. */
export function Help({ screen }: { screen: Screen }) {
  const { t } = useSay()
  const { identity, session } = useTillState()
  const isManager = session.state === 'signed-in' && session.staff.role === 'manager'
  const isOpen = useUi((ui) => ui.helpOpen)
  const setHelp = useUi((ui) => ui.setHelp)
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (isOpen) dialog.current?.showModal()
    else dialog.current?.close()
  }, [isOpen])
  return (
    <dialog className="help" ref={dialog} aria-labelledby="help-title" onClose={() => setHelp(false)}>
      <div className="help-head">
        <h2 id="help-title">{t('app.keyboard')}</h2>
        <ActionIcon aria-label={t('app.close')} onClick={() => setHelp(false)}>
          <IconX />
        </ActionIcon>
      </div>
      <dl className="keys">
        {keyboardMap({ screen, isPractice: identity.practice, isManager }).map(({ keys, does }) => (
          <div key={does} className="keys-row">
            <dt>
              {keys.map((key) => (
                <Key key={key} name={key} />
              ))}
            </dt>
            <dd>{t(`keys.${does}`)}</dd>
          </div>
        ))}
      </dl>
    </dialog>
  )
}

/** The bundled face has no arrows, so they are drawn. */
function Key({ name }: { name: string }) {
  if (!isArrow(name)) return <Kbd size="md">{name}</Kbd>
  const Arrow = ARROWS[name]
  return (
    <Kbd size="md">
      <Arrow size={16} aria-hidden="true" />
      <span className="sr">{name}</span>
    </Kbd>
  )
}
