/** docs/security-cases.md names a test for every case, and each test it names is there. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, read } from './tree.ts'

const CASES = [...Array.from({ length: 6 }, (_, index) => index + 1), ...Array.from({ length: 19 }, (_, index) => index + 8)]

const rows = read('docs/security-cases.md')
  .split('\n')
  .filter((line) => /^\| \d+ \|/u.test(line))
  .map((line) => {
    const [, number = '', , , file = '', name = ''] = line.split('|').map((cell) => cell.trim())
    return { number: Number(number), file: file.replaceAll('`', ''), name }
  })

test('every case has a row, and each row a test', () => {
  expect([...new Set(rows.map(({ number }) => number))]).toEqual(CASES)
  expect(rows.filter(({ file, name }) => file === '' || name === '')).toEqual([])
})

test.each(rows)('case $number: $file has the test "$name"', ({ file, name }) => {
  expect(file).toMatch(/^test\/.*\.test\.tsx?$/u)
  expect(existsSync(join(ROOT, file)), `${file} is not there`).toBe(true)
  const text = read(file)
  expect(
    ["'", '"', '`'].some((quote) => text.includes(`${quote}${name}${quote}`)),
    `no test of this name in ${file}`,
  ).toBe(true)
})
