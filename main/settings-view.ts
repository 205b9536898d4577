/** The settings as their screen shows them: what was chosen, and what stands behind it. */
import type { Standing } from '#main/enrolment/enrolment.ts'
import type { Ledger } from '#main/ledger/ports.ts'
import type { Settings } from '#main/settings/settings-book.ts'
import type { SettingsView } from '#shared/contracts/settings.ts'
import type { Radio } from './ports.ts'
import type { TerminalParts } from './terminal-parts.ts'

export function settingsView(parts: {
  readonly settings: Settings
  readonly ledger: Ledger
  readonly standing: Standing
  readonly radio: Radio
  readonly radioDriver?: TerminalParts['radioDriver']
  readonly practice: boolean
  readonly terminalId: string
  readonly backendUrl: string
}): SettingsView {
  const { radio, radioDriver, ledger, practice, terminalId, backendUrl, standing } = parts
  const { radio: kept, ...settings } = parts.settings
  const choice = radioDriver?.chosenBy === 'start' ? radioDriver.choice : kept
  return {
    ...settings,
    practice,
    radio: { choice, chosenBy: radioDriver?.chosenBy ?? 'practice', ...radio.state() },
    about: {
      terminalId,
      backendUrl,
      series: ledger.series(),
      epoch: ledger.epoch(),
      journalSeq: ledger.head().seq,
      certificateUntil: new Date(standing.certificate.until * 1_000).toISOString(),
    },
  }
}
