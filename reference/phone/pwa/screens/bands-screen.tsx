import { useTranslation } from 'react-i18next'
import { BandList } from '../components/band-list.tsx'
import { Page } from '../components/page.tsx'

export function BandsScreen() {
  const { t } = useTranslation()
  return (
    <Page title={t('bands.title')} text={t('bands.text')}>
      <BandList />
      <p className="quiet">{t('bands.live')}</p>
    </Page>
  )
}
