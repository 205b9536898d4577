/** The radio a terminal was told to use: the practice world's, or Bluetooth in a process of its own. */
import type { Clock, StartProcess } from '../ports.ts'
import { createNobleRadio } from '../radio/noble-radio.ts'
import { createPracticeRadio, type LinkFault } from '../radio/practice-radio.ts'
import type { TerminalParts } from '../terminal-parts.ts'
import type { Log } from './log.ts'
import type { RadioChoice } from './terminal-options.ts'

export type RadioParts = {
  readonly clock: Clock
  /** A number in [0, 1). */
  readonly random: () => number
  readonly startProcess: StartProcess
  readonly log: Log
}

/** The radio, and who says which driver it uses: `auto` leaves that to the settings, a named driver stands whatever they say. */
export function radioFor(
  choice: RadioChoice,
  { clock, random, startProcess, log }: RadioParts,
): Pick<TerminalParts, 'radio' | 'radioDriver'> {
  if (choice.kind === 'practice') {
    const where = { path: choice.airSocket }
    const onFault = (fault: LinkFault) => log.warn(fault, fault.at === 'air' ? 'the practice world is gone' : 'the radio lost a band')
    return { radio: createPracticeRadio({ where, clock, random, onFault }) }
  }
  const { driver, hciSocket } = choice
  const radio = createNobleRadio({
    startProcess,
    clock,
    driver,
    ...(hciSocket === undefined ? {} : { hciSocket }),
    onFault: (fault) => log.warn(fault, fault.at === 'process' ? 'the radio process failed' : 'the radio lost a band'),
  })
  if (driver !== 'auto') return { radio, radioDriver: { chosenBy: 'start', choice: driver } }
  return { radio, radioDriver: { chosenBy: 'settings', use: (chosen) => radio.useDriver(chosen) } }
}
