import { IconDeviceWatch } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Band, readBands, releaseBand } from '../api/owner.ts'
import { shortId } from '../flows/format.ts'
import { useAnswer, useAskFirst } from '../hooks.ts'
import { useSession } from '../session-store.ts'
import { Button } from './button.tsx'
import { Confirm } from './dialog.tsx'
import { Row, Rows } from './rows.tsx'
import { Answered, DoneNote } from './states.tsx'

/** The account's bands, each with the way to let it go. */
export function BandList() {
  const { t } = useTranslation()
  const bands = useAnswer(['bands'], readBands)
  const queries = useQueryClient()
  const [released, setReleased] = useState<string>()
  const askStanding = useSession((store) => store.ask)
  const { asked, ask, dialog } = useAskFirst(
    async ({ bandId }: Band) => releaseBand(bandId),
    async ({ bandId }) => {
      setReleased(shortId(bandId))
      await queries.invalidateQueries({ queryKey: ['bands'] })
      await askStanding()
    },
  )
  return (
    <>
      <Answered answer={bands}>
        {(all) => (
          <Rows none={t('bands.none')}>
            {all.map((band) => (
              <BandRow key={band.bandId} band={band} onRelease={() => ask(band)} />
            ))}
          </Rows>
        )}
      </Answered>
      <DoneNote words={released === undefined ? undefined : t('bands.released', { id: released })} />
      {asked && (
        <Confirm
          title={t('bands.releaseTitle', { id: shortId(asked.bandId) })}
          text={t('bands.releaseText')}
          action={t('bands.release')}
          {...dialog}
        />
      )}
    </>
  )
}

function BandRow({ band: { bandId, phoneId, state }, onRelease }: { band: Band; onRelease: () => void }) {
  const { t } = useTranslation()
  const release = (
    <Button kind="plain" onClick={onRelease} name="release">
      {t('bands.release')}
    </Button>
  )
  return (
    <Row icon={IconDeviceWatch} tone={state} act={state === 'released' ? null : release}>
      <strong>{t('bands.name', { id: shortId(bandId) })}</strong>
      <span>{t(`bands.states.${state}`)}</span>
      <span className="quiet">{t('bands.withPhone', { id: shortId(phoneId) })}</span>
    </Row>
  )
}
