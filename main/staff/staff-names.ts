/** Names of people at the till: what is kept, and when two are the same to the eye. */

/** The name as it is kept: composed, without control, formatting and direction characters, single spaces. Empty when nothing is left. */
export function cleanName(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}]/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim()
}

/** Equal for names that nobody could tell apart on a list: wide and narrow forms, capitals and small letters. */
export function nameKey(name: string): string {
  return cleanName(name).normalize('NFKC').toLowerCase()
}
