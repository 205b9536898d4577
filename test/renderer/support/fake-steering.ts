/** What commands do to the practice world in memory. */
import type { BandLifeView, CustomerView } from '#shared/contracts/practice-desk.ts'
import type { TillInput } from '#shared/contracts/till.ts'
import { PAIRED } from './fake-desk-data.ts'

/** A customer after a command, as the practice world would show it. */
export function steered(one: CustomerView, command: Exclude<TillInput<'practice'>, { type: 'printer' }>): CustomerView {
  switch (command.type) {
    case 'set': {
      const worn = command.worn ?? one.worn
      return {
        ...one,
        worn,
        armed: worn && (one.armed || command.worn === true),
        distance: command.distance ?? one.distance,
        phoneReach: command.phoneReach ?? one.phoneReach,
        network: command.network ?? one.network,
      }
    }
    case 'unlock-phone':
      return { ...one, armed: one.worn && one.phoneReach }
    case 'freeze':
      return { ...one, frozen: command.frozen }
    case 'fault':
      return { ...one, faults: { ...one.faults, [command.fault]: command.count } }
    case 'knock': {
      const { knocks, ...life } = one.life
      if (knocks === undefined) return { ...one, lastEvent: 'vibrated' }
      return { ...one, lastEvent: 'bound', armed: one.worn, life: { ...life, lock: 'bound' } }
    }
    default:
      return { ...one, ...lifeAfter(one.life, command) }
  }
}

/** What becomes of a band, as the practice world would show it. */
function lifeAfter(
  life: BandLifeView,
  command: Extract<TillInput<'practice'>, { type: 'steal' | 'try-pairing' | 'reset-band' | 'release' | 'pair' | 'back-to-normal' }>,
): Pick<CustomerView, 'life'> & Partial<CustomerView> {
  switch (command.type) {
    case 'steal':
      return { armed: false, phoneReach: command.withPhone, life: { ...life, hands: command.withPhone ? 'thief-with-phone' : 'thief' } }
    case 'try-pairing':
      return { lastEvent: 'pairing-refused', life: { ...life, tried: { byBand: 'refused', byBackend: 'refused' } } }
    case 'release':
      return { armed: false, lastEvent: 'released', life: { ...life, lock: 'released' } }
    case 'pair':
      return { life: { ...life, knocks: 3 } }
    case 'reset-band':
      return { armed: false, life }
    case 'back-to-normal':
      return { worn: true, armed: true, phoneReach: true, network: true, frozen: false, faults: {}, life: PAIRED }
  }
}
