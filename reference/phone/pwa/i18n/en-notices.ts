import type { NoticeKind } from '#shared/contracts/notices.ts'

/** What each notice says. `detail` is what it is about: a device, a count, who did it. */
export const enNotices = {
  title: 'Notices',
  text: 'Everything that touched the safety of your wallet.',
  none: 'Nothing has happened yet.',
  fresh: 'New',
  notYou: 'Not you? Stop all payments.',
  kinds: {
    'band-paired': { title: 'A band was paired', text: 'Band {{detail}} can pay from this wallet now.' },
    'band-released': { title: 'A band was released', text: 'Band {{detail}} pays no more.' },
    'pairing-refused': {
      title: 'Somebody tried to take your band',
      text: 'Another phone tried to pair band {{detail}}. It was refused and learnt nothing. Is the band with you?',
    },
    'account-frozen': { title: 'All payments were stopped', text: 'By {{detail}}.' },
    'account-unfrozen': { title: 'Payments go on', text: 'Allowed by {{detail}}.' },
    'phone-added': { title: 'A phone was added', text: 'Phone {{detail}} can speak for your bands now.' },
    'phone-retired': { title: 'A phone was retired', text: 'Phone {{detail}} can do nothing any more.' },
    'passkey-added': { title: 'A passkey was added', text: '“{{detail}}” can sign in now.' },
    'passkey-removed': { title: 'A passkey was removed', text: '“{{detail}}” can no longer sign in.' },
    'recovery-code-used': { title: 'A recovery code was used', text: 'Codes left: {{detail}}.' },
    'recovery-codes-made': { title: 'New recovery codes were made', text: 'There are {{detail}} of them; those of before have ended.' },
    'limits-changed': { title: 'Limits were changed', text: 'By {{detail}}.' },
    'card-changed': { title: 'Your identity card was changed', text: 'The wallet’s operator registered your {{detail}}.' },
    'allowance-fork': {
      title: 'Something was paid twice without network',
      text: 'Your band or phone may have been copied. All payments were stopped; your money is safe.',
    },
  } satisfies Record<NoticeKind, { title: string; text: string }>,
  by: {
    passkey: 'you, with a passkey',
    'recovery-code': 'you, with a recovery code',
    operator: 'the wallet’s operator',
    backend: 'the wallet itself',
    phone: 'your phone',
    owner: 'you, signed in',
  },
}
