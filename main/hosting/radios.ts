/** The radio a terminal was told to use: the practice world's, or Bluetooth in a process of its own. */
import type { Clock, Radio, StartProcess } from '../ports.ts'
import { createNobleRadio } from '../radio/noble-radio.ts'
import { createPracticeRadio } from '../radio/practice-radio.ts'
import type { Log } from './log.ts'
import type { RadioChoice } from './terminal-options.ts'

export type RadioParts = {
  readonly clock: Clock
  /** A number in [0, 1). */
  readonly random: () => number
  readonly startProcess: StartProcess
  readonly log: Log
}

export function radioFor(choice: RadioChoice, { clock, random, startProcess, log }: RadioParts): Radio {
  if (choice.kind === 'practice') {
    const where = { path: choice.airSocket }
    return createPracticeRadio({ where, clock, random, onFault: (fault) => log.warn(fault, 'the radio lost a band') })
  }
  const { driver, hciSocket } = choice
  return createNobleRadio({
    startProcess,
    clock,
    driver,
    ...(hciSocket === undefined ? {} : { hciSocket }),
    onFault: (fault) => log.warn(fault, fault.at === 'process' ? 'the radio process failed' : 'the radio lost a band'),
  })
}
