import '@fontsource-variable/noto-sans-sc/index.css'
import '@mantine/core/styles.css'
import './styles/base.css'
import './styles/frame.css'
import './styles/dialog.css'
import './styles/sell.css'
import './styles/seats.css'
import './styles/cart.css'
import './styles/pay.css'
import './styles/asking.css'
import './styles/identify.css'
import './styles/cash.css'
import './styles/receipt.css'
import './styles/people.css'
import './styles/trouble.css'
import './styles/settings.css'
import './styles/practice.css'
import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createRoot } from 'react-dom/client'
import { I18nextProvider } from 'react-i18next'
import { App } from './app.tsx'
import { startI18n } from './i18n/i18n.ts'
import { connectTerminal } from './terminal-client.ts'
import { createTerminal, TerminalContext } from './terminal-context.ts'
import { theme } from './theme.ts'
import { useTill } from './till-store.ts'

const QUERY_RETRIES = 2

/** The page's style nonce: the host puts it in place of the placeholder in index.html. */
function styleNonce(): string {
  return document.querySelector('meta[name="csp-nonce"]')?.getAttribute('content') ?? ''
}

const terminal = createTerminal(connectTerminal())
// Watched for as long as the page lives, outside React: no render can miss a state.
terminal.client.watch({
  onLink: useTill.getState().setLink,
  onState: (state) => {
    useTill.getState().arrive(state, performance.now())
    terminal.seatWishes.stateArrived()
    terminal.productWishes.stateArrived()
  },
})
// The terminal is on this machine: queries go on whatever the machine's network says.
const queries = new QueryClient({
  defaultOptions: { queries: { networkMode: 'always', retry: QUERY_RETRIES, refetchOnWindowFocus: false } },
})

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')
createRoot(root).render(
  <I18nextProvider i18n={startI18n()}>
    <MantineProvider theme={theme} getStyleNonce={styleNonce} defaultColorScheme="light">
      <QueryClientProvider client={queries}>
        <TerminalContext value={terminal}>
          <App />
        </TerminalContext>
      </QueryClientProvider>
    </MantineProvider>
  </I18nextProvider>,
)
