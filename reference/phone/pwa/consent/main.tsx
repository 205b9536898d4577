import '../styles/base.css'
import '../styles/frame.css'
import '../styles/controls.css'
import '../styles/consent.css'
import { createRoot } from 'react-dom/client'
import { I18nextProvider } from 'react-i18next'
import { startI18n } from '../i18n/i18n.ts'
import { usePreferences } from '../preferences.ts'
import { Consent } from './consent.tsx'

const root = document.getElementById('root')
if (root === null) throw new Error('consent.html has no #root')
createRoot(root).render(
  <I18nextProvider i18n={startI18n(usePreferences.getState().language)}>
    <Consent query={location.search} />
  </I18nextProvider>,
)
