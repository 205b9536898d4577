import { useTranslation } from 'react-i18next'
import { Page } from '../components/page.tsx'
import { PhoneList } from '../components/phone-list.tsx'

export function PhonesScreen() {
  const { t } = useTranslation()
  return (
    <Page title={t('phones.title')} text={t('phones.text')} back="more">
      <PhoneList />
    </Page>
  )
}
