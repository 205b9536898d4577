import './styles/base.css'
import './styles/frame.css'
import './styles/controls.css'
import './styles/wallet.css'
import './styles/phone.css'
import './styles/safety.css'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createRoot } from 'react-dom/client'
import { I18nextProvider } from 'react-i18next'
import { App } from './app.tsx'
import { Refused } from './hooks.ts'
import { startI18n } from './i18n/i18n.ts'
import { startPhone } from './phone/phone.ts'
import { usePreferences } from './preferences.ts'
import { registerWorker } from './register-worker.ts'
import { useRoute } from './route-store.ts'
import { useSession } from './session-store.ts'

const QUERY_RETRIES = 2
const STALE_MS = 15_000

/** Only what a second try can mend is tried again: a refusal stays one. */
function isPassing(error: Error): boolean {
  return error instanceof Refused && (error.refusal.code === 'offline' || error.refusal.code === 'unavailable')
}

const queries = new QueryClient({
  defaultOptions: {
    queries: { networkMode: 'always', staleTime: STALE_MS, retry: (failures, error) => failures < QUERY_RETRIES && isPassing(error) },
  },
})

window.addEventListener('hashchange', useRoute.getState().follow)
void useSession.getState().ask()
registerWorker()
startPhone()

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')
createRoot(root).render(
  <I18nextProvider i18n={startI18n(usePreferences.getState().language)}>
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>
  </I18nextProvider>,
)
