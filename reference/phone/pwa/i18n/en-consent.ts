/** English: a web service asks who the owner is. */
export const enConsent = {
  title: 'Sign in with your wallet',
  text: 'wants to know that it is you. Your answer goes to this website and to nobody else.',
  asks: 'It also asks for:',
  claim: { name: 'Your name', 'member-number': 'Your member number' },
  same: 'It will know you again, by an id that no other website gets. It learns nothing of your payments.',
  agree: 'Agree with a passkey',
  refuse: 'No, go back',
}
