import { Kbd, Modal } from '@mantine/core'
import { KEYBOARD_MAP } from '../flows/shortcuts.ts'
import { useSay } from '../hooks.ts'
import { useUi } from '../ui-store.ts'

/** The keyboard map, on `?`. */
export function Help() {
  const { t } = useSay()
  const opened = useUi((ui) => ui.helpOpen)
  const setHelp = useUi((ui) => ui.setHelp)
  return (
    <Modal
      opened={opened}
      onClose={() => setHelp(false)}
      title={t('app.keyboard')}
      closeButtonProps={{ 'aria-label': t('app.close'), size: 48 }}
      lockScroll={false}
      centered
      transitionProps={{ duration: 0 }}
    >
      <dl className="keys">
        {KEYBOARD_MAP.map(({ keys, does }) => (
          <div key={does} className="keys-row">
            <dt>
              {keys.map((key) => (
                <Kbd key={key} size="md">
                  {key}
                </Kbd>
              ))}
            </dt>
            <dd>{t(`keys.${does}`)}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  )
}
