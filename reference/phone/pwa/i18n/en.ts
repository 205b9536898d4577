import { enPhone } from './en-phone.ts'
import { enRefusals } from './en-refusals.ts'

/** English. The shape of this catalog is the contract: 简体中文 must have the same keys, and a key that is used but missing does not compile. */
export const en = {
  refusals: enRefusals,
  phone: enPhone,
  app: {
    name: 'Bandtill',
    title: 'Bandtill wallet',
    main: 'Main',
    lost: 'Lost?',
    lostLong: 'Lost your band or phone? Stop everything',
    language: '中文',
    languageLong: '切换到中文',
    loading: 'One moment…',
    tryAgain: 'Try again',
    unreachable: 'The wallet cannot be reached',
    back: 'Back',
  },
  nav: { home: 'Wallet', more: 'More' },
  signIn: {
    title: 'Your wallet',
    text: 'See what your band pays, set its limits, and stop everything when it is lost.',
    passkey: 'Sign in with a passkey',
    code: 'Use a recovery code',
    ended: 'You have been signed out. Sign in again to go on where you were.',
    left: 'You are signed out.',
    lostTitle: 'Lost your band or phone?',
    lostText: 'Stop every payment now. It takes seconds, and you can undo it.',
    lostGo: 'Stop all payments',
  },
  home: { balance: 'Balance', held: 'held for shops' },
  more: {
    title: 'More',
    signOut: 'Sign out',
    everywhere: 'Sign out everywhere',
    scheme: 'Colours',
    schemes: { system: 'As the device', light: 'Light', dark: 'Dark' },
  },
}
