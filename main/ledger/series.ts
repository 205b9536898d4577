import { assert } from '#shared/assert.ts'

/** The series a new terminal numbers its receipts in. Each restore opens the next one. */
export const FIRST_SERIES = 'A'
const LETTERS = 26
const CODE_OF_A = 65
const SERIES = /^[A-Z]{1,4}$/

/** A = 1 … Z = 26, AA = 27 …: letters as spreadsheets count columns. */
function placeOf(series: string): number {
  assert(SERIES.test(series), `not a series: ${series}`)
  return Array.from(series).reduce((place, letter) => place * LETTERS + letter.charCodeAt(0) - CODE_OF_A + 1, 0)
}

/** The series after the last of these: A, B … Z, AA, AB. */
export function seriesAfter(known: readonly string[]): string {
  let place = Math.max(0, ...known.map(placeOf)) + 1
  let letters = ''
  while (place > 0) {
    letters = String.fromCharCode(CODE_OF_A + ((place - 1) % LETTERS)) + letters
    place = Math.floor((place - 1) / LETTERS)
  }
  return letters
}
