import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exitCodeOf, START_REFUSALS, startRefusalWords } from '#main/hosting/start-refusals.ts'
import { parseTerminalOptions } from '#main/hosting/terminal-options.ts'

const ROOT = Buffer.from(Uint8Array.from({ length: 33 }, (_, index) => index)).toString('base64url')
const COMPLETE = [
  '--data',
  '/var/till',
  '--backend',
  'http://127.0.0.1:4000/',
  '--terminal',
  'aurora-1',
  '--root-point',
  ROOT,
  '--air',
  '/run/air',
]

function refusedLines(args: readonly string[], environment: Record<string, string> = {}): readonly string[] {
  const parsed = parseTerminalOptions(args, environment)
  if (parsed.ok) throw new Error('was accepted')
  return parsed.error.lines
}

test('what is needed is enough, and the rest has defaults', () => {
  expect(parseTerminalOptions(COMPLETE, {})).toEqual({
    ok: true,
    value: {
      dataFolder: '/var/till',
      backendUrl: 'http://127.0.0.1:4000',
      terminalId: 'aurora-1',
      rootPoint: Uint8Array.from({ length: 33 }, (_, index) => index),
      radio: { kind: 'practice', airSocket: '/run/air' },
      port: 0,
      clockOffsetMs: 0,
      printer: { kind: 'file' },
      open: false,
      ipv6: false,
      practice: true,
    },
  })
})

test('arguments win over the environment, which wins over defaults', () => {
  const environment = {
    BANDTILL_PORT: '5000',
    BANDTILL_PRINTER: 'tcp://printer.local:9100',
    BANDTILL_OPEN: '1',
    BANDTILL_CLOCK_OFFSET_MS: '-60000',
    BANDTILL_ENROLMENT_CODE: 'K7',
    BANDTILL_PRACTICE_PRINTER: '/run/printer',
    BANDTILL_PRACTICE_DESK: '/run/desk',
  }
  expect(parseTerminalOptions([...COMPLETE, '--port', '6000', '--no-open'], environment)).toMatchObject({
    ok: true,
    value: {
      port: 6000,
      printer: { kind: 'tcp', host: 'printer.local', port: 9100 },
      open: false,
      clockOffsetMs: -60_000,
      enrolmentCode: 'K7',
      practicePrinterSocket: '/run/printer',
      practiceDeskSocket: '/run/desk',
    },
  })
})

test('each thing that is missing is named with what belongs there', () => {
  const lines = refusedLines([])
  for (const name of ['data', 'backend', 'terminal', 'root-point', 'air'])
    expect(lines.join('\n')).toContain(`--${name} is missing or wrong. It takes `)
  expect(lines.length).toBe(5)
})

const WRONG: readonly (readonly [string, string])[] = [
  ['--port', '65536'],
  ['--port', '-1'],
  ['--port', '1.5'],
  ['--port', 'http'],
  ['--backend', 'http://backend.example/'],
  ['--backend', 'ftp://127.0.0.1/'],
  ['--backend', 'https://user:secret@backend.example/'],
  ['--backend', 'not an address'],
  ['--root-point', 'AAAA'],
  ['--root-point', `${ROOT}=`],
  ['--terminal', '../other'],
  ['--radio', 'noble'],
  ['--practice-printer', ''],
  ['--practice-desk', ''],
  ['--printer', 'usb'],
  ['--printer', 'tcp://printer:0'],
  ['--printer', 'tcp://printer:70000'],
  ['--printer', 'tcp://pri nter:9100'],
  ['--clock-offset-ms', '1e300'],
]
test.each(WRONG)('%s %s is refused by name', (name, value) => {
  const lines = refusedLines([...COMPLETE, `${name}=${value}`])
  expect(lines.join('\n')).toContain(`${name} is missing or wrong`)
})

test('practice cannot be switched off while the radio is the practice radio', () => {
  expect(refusedLines([...COMPLETE, '--no-practice'])[0]).toContain('never mixed')
})

test('no arguments make it throw', () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom('--data', '--port', '--', '--open=1', '--no-open', '-x', '--__proto__', '--constructor=1', ...COMPLETE),
  )
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 14 }),
      fc.dictionary(fc.constantFrom('BANDTILL_PORT', 'BANDTILL_OPEN', 'BANDTILL_AIR'), fc.string()),
      (args, environment) => {
        const parsed = parseTerminalOptions(args, environment)
        expect(typeof parsed.ok).toBe('boolean')
      },
    ),
  )
})

test('every refusal has a sentence in both languages and a way to end', () => {
  for (const code of START_REFUSALS) {
    const words = startRefusalWords({ code, subject: 'SUBJECT' })
    expect(words.en).toContain('SUBJECT')
    expect(words['zh-CN']).toMatch(/\p{Script=Han}/u)
    expect([64, 69]).toContain(exitCodeOf({ code, subject: '' }))
  }
})

const LIVE = [...COMPLETE.slice(0, -2), '--no-practice']

test.each(['auto', 'abandonware', 'stoprocent'])('--radio %s is for live trade alone', (driver) => {
  expect(parseTerminalOptions([...LIVE, '--radio', driver], {})).toMatchObject({
    ok: true,
    value: { radio: { kind: 'bluetooth', driver }, practice: false },
  })
  expect(refusedLines([...COMPLETE, '--radio', driver]).join()).toContain('never mixed')
  for (const practice of ['--air', '--practice-desk', '--practice-printer']) {
    expect(refusedLines([...LIVE, '--radio', driver, practice, '/run/x']).join()).toContain(`${practice} was given with --no-practice`)
  }
})

test('a virtual controller stands in for Bluetooth, never for the practice air', () => {
  expect(parseTerminalOptions([...LIVE, '--radio', 'auto', '--hci-socket', '/run/hci'], {})).toMatchObject({
    ok: true,
    value: { radio: { kind: 'bluetooth', driver: 'auto', hciSocket: '/run/hci' } },
  })
  expect(refusedLines([...COMPLETE, '--hci-socket', '/run/hci']).join()).toContain('never mixed')
  expect(refusedLines([...LIVE]).join()).toContain('never mixed')
})
