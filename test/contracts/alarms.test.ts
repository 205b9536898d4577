import { expect, test } from 'vitest'
import { ALARM_CODES, alarmLine, readAlarmLine } from '#shared/contracts/alarms.ts'

test('an alarm travels as one line, and its code and its words come out as they went in', () => {
  for (const code of ALARM_CODES) {
    for (const detail of ['', 'captured by receipt 7: twice', 'two\nlines']) {
      expect(readAlarmLine(alarmLine(code, detail))).toEqual({ code, detail })
    }
  }
})

test('a line without a code we know is all detail', () => {
  for (const line of ['captured after reversal', 'newer-kind: words', '', 'Quarantined: x']) {
    expect(readAlarmLine(line)).toEqual({ code: 'other', detail: line })
  }
})
