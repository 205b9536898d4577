import type { Refusal } from '../flows/refusal.ts'

/** Every way a call can be refused: what happened, and what to do. */
export const enRefusals = {
  malformed: 'The wallet did not understand that. Reload this page and try again.',
  unsigned: 'You are signed out. Sign in again.',
  'bad-signature': 'That passkey was not accepted. Try again, or use another one.',
  'not-allowed': 'That is not allowed from here.',
  'not-fresh': 'Show your passkey again to do this.',
  'owner-needed': 'Only the owner may do this: sign in with a passkey.',
  unknown: 'That is not there any more.',
  conflict: 'Something has changed meanwhile. Look again, then decide.',
  'seat-taken': 'That seat is taken.',
  'showtime-closed': 'That show is closed.',
  'hold-gone': 'That reservation has run out.',
  'too-many': 'Too many tries. Wait a little.',
  internal: 'Something is wrong on our side. Nothing was changed; try again later.',
  unavailable: 'The wallet is busy. Try again in a moment.',
  offline: 'No connection. Check your network and try again.',
  unreadable: 'The answer could not be read. Reload this page and try again.',
  cancelled: 'No passkey was shown. Try again when you are ready.',
  'no-passkeys': 'This browser knows no passkeys. Use a recovery code, or another browser.',
  'passkey-known': 'This device already has a passkey for your wallet.',
  'passkey-failed': 'The passkey did not work here. Try again, or use another device.',
} satisfies Record<Refusal['code'], string>
