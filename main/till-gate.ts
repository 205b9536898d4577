/**
 * Who may call what. Every call of the till stands in one table, and passes through it on its way to the desk: a call that was forgotten
 * does not compile.
 */
import type { StaffMember } from '#shared/contracts/staff.ts'
import type { Refused, Till } from '#shared/contracts/till.ts'
import { err, type Result } from '#shared/result.ts'

/**
 * `anyone`: also a locked till. `signed-in`: either role; a locked till answers with nothing, or `locked`. `manager`: else
 * `manager-needed`. `manager-or-own`: a cashier, where it is about themselves. `manager-or-language`: a cashier, for the language alone.
 */
export type Needs = 'anyone' | 'signed-in' | 'manager' | 'manager-or-own' | 'manager-or-language'

export const TILL_GATE = {
  // What every screen needs, a locked one too. The cart stays in view: its payment goes on.
  state: 'anyone',
  onState: 'anyone',
  programme: 'anyone',
  seatMap: 'anyone',
  language: 'anyone',
  setLanguage: 'anyone',
  settings: 'anyone',
  practice: 'anyone',
  touched: 'anyone',
  setUp: 'anyone',
  signIn: 'anyone',
  lock: 'anyone',

  setSeats: 'signed-in',
  setProduct: 'signed-in',
  removeLine: 'signed-in',
  clearCart: 'signed-in',
  chargeBand: 'signed-in',
  chargeByKnock: 'signed-in',
  identify: 'signed-in',
  endIdentify: 'signed-in',
  startCash: 'signed-in',
  takeCash: 'signed-in',
  cancelPayment: 'signed-in',
  nextSale: 'signed-in',
  // A cashier in the sale's first minute, later a manager: the desk knows the receipt's age.
  voidSale: 'signed-in',
  finishInterrupted: 'signed-in',
  undoInterrupted: 'signed-in',
  receipts: 'signed-in',
  receipt: 'signed-in',
  print: 'signed-in',
  retryPrint: 'signed-in',
  dropPrint: 'signed-in',
  recovery: 'signed-in',
  staff: 'signed-in',
  steerPractice: 'signed-in',

  endUnknownYes: 'manager',
  putAwayAlarm: 'manager',
  addStaff: 'manager',
  removeStaff: 'manager',
  testPrint: 'manager',
  changePin: 'manager-or-own',
  changeSettings: 'manager-or-language',
} as const satisfies Readonly<Record<keyof Till, Needs>>

export interface GateKeeper {
  signedIn(): StaffMember | undefined
  /** Somebody uses the till. */
  touched(): void
  /** This person has begun to take a customer's money: the receipt names them. */
  charged(by: StaffMember): void
}

type Call = keyof typeof TILL_GATE
type CallsThatNeed<N extends Needs> = { [C in Call]: (typeof TILL_GATE)[C] extends N ? C : never }[Call]
/** What the two mixed rules ask of a call: is it about the caller, does it change the language alone. */
type About = { readonly isOwn?: boolean; readonly isLanguageOnly?: boolean }

/** Undefined when this person (nobody, on a locked till) may make the call. */
export function refusalOf(call: Call, who: StaffMember | undefined, about: About = {}): Refused | undefined {
  const needs: Needs = TILL_GATE[call]
  if (needs === 'anyone') return undefined
  if (!who) return { code: 'locked' }
  if (who.role === 'manager' || needs === 'signed-in') return undefined
  if (needs === 'manager-or-own' && about.isOwn === true) return undefined
  if (needs === 'manager-or-language' && about.isLanguageOnly === true) return undefined
  return { code: 'manager-needed' }
}

/** The till behind its gate. */
export function gatedTill(till: Till, keeper: GateKeeper): Till {
  const gate = new Gate(keeper)
  return {
    ...callsOfAnyone(till, keeper),
    ...callsOfMoney(till, keeper, gate),
    ...callsOfRecords(till, gate),
    ...managed(till, keeper, gate),
  }
}

class Gate {
  readonly #keeper: GateKeeper

  constructor(keeper: GateKeeper) {
    this.#keeper = keeper
  }

  isOpenFor(call: Call): boolean {
    return refusalOf(call, this.#keeper.signedIn()) === undefined
  }

  async pass<T>(call: Call, work: () => Promise<Result<T, Refused>>, about?: About): Promise<Result<T, Refused>> {
    const refused = refusalOf(call, this.#keeper.signedIn(), about)
    if (refused) return err(refused)
    this.#keeper.touched()
    return work()
  }

  /** A call that begins to take money: when it is accepted, whoever made it is whom the receipt names. */
  async charge<T>(call: Call, work: () => Promise<Result<T, Refused>>): Promise<Result<T, Refused>> {
    const who = this.#keeper.signedIn()
    return this.pass(call, async () => {
      const begun = await work()
      if (begun.ok && who) this.#keeper.charged(who)
      return begun
    })
  }
}

function callsOfAnyone(till: Till, keeper: GateKeeper): Pick<Till, CallsThatNeed<'anyone'>> {
  return {
    state: () => till.state(),
    onState: (listener) => till.onState(listener),
    programme: () => till.programme(),
    seatMap: async (input) => till.seatMap(input),
    language: () => till.language(),
    setLanguage: (input) => till.setLanguage(input),
    settings: () => till.settings(),
    practice: async () => till.practice(),
    touched: () => {
      keeper.touched()
      till.touched()
    },
    setUp: async (input) => till.setUp(input),
    signIn: async (input) => till.signIn(input),
    lock: async () => till.lock(),
  }
}

function callsOfMoney(till: Till, keeper: GateKeeper, gate: Gate) {
  return {
    setSeats: async (input) => gate.pass('setSeats', async () => till.setSeats(input)),
    setProduct: async (input) => gate.pass('setProduct', async () => till.setProduct(input)),
    removeLine: async (input) => gate.pass('removeLine', async () => till.removeLine(input)),
    clearCart: async () => gate.pass('clearCart', async () => till.clearCart()),
    chargeBand: async (input) => gate.charge('chargeBand', async () => till.chargeBand(input)),
    chargeByKnock: async () => gate.charge('chargeByKnock', async () => till.chargeByKnock()),
    identify: async (input) => gate.pass('identify', async () => till.identify(input)),
    endIdentify: async () => gate.pass('endIdentify', async () => till.endIdentify()),
    startCash: async () => gate.charge('startCash', async () => till.startCash()),
    takeCash: async (input) => {
      // Whoever takes the notes answers for them, also where another one opened the panel: the receipt is written within this call.
      const who = keeper.signedIn()
      return gate.pass('takeCash', async () => {
        if (who && till.state().payment?.tender === 'cash') keeper.charged(who)
        return till.takeCash(input)
      })
    },
    cancelPayment: async () => gate.pass('cancelPayment', async () => till.cancelPayment()),
    nextSale: async () => gate.pass('nextSale', async () => till.nextSale()),
    voidSale: async (input) => gate.pass('voidSale', async () => till.voidSale(input)),
    finishInterrupted: async () => gate.pass('finishInterrupted', async () => till.finishInterrupted()),
    undoInterrupted: async () => gate.pass('undoInterrupted', async () => till.undoInterrupted()),
  } satisfies Partial<Till>
}

function callsOfRecords(till: Till, gate: Gate) {
  return {
    receipts: (input) => (gate.isOpenFor('receipts') ? till.receipts(input) : { rows: [] }),
    receipt: async (input) => (gate.isOpenFor('receipt') ? till.receipt(input) : err({ code: 'locked' as const })),
    print: async (input) => gate.pass('print', async () => till.print(input)),
    retryPrint: async (input) => gate.pass('retryPrint', async () => till.retryPrint(input)),
    dropPrint: async (input) => gate.pass('dropPrint', async () => till.dropPrint(input)),
    recovery: () => (gate.isOpenFor('recovery') ? till.recovery() : { unknownYeses: [], alarms: [] }),
    staff: () => (gate.isOpenFor('staff') ? till.staff() : []),
    steerPractice: async (input) => gate.pass('steerPractice', async () => till.steerPractice(input)),
  } satisfies Partial<Till>
}

function managed(till: Till, keeper: GateKeeper, gate: Gate) {
  return {
    endUnknownYes: async (input) => gate.pass('endUnknownYes', async () => till.endUnknownYes(input)),
    putAwayAlarm: async (input) => gate.pass('putAwayAlarm', async () => till.putAwayAlarm(input)),
    addStaff: async (input) => gate.pass('addStaff', async () => till.addStaff(input)),
    removeStaff: async (input) => gate.pass('removeStaff', async () => till.removeStaff(input)),
    testPrint: async () => gate.pass('testPrint', async () => till.testPrint()),
    changePin: async (input) =>
      gate.pass('changePin', async () => till.changePin(input), { isOwn: input.staffId === keeper.signedIn()?.id }),
    changeSettings: async (input) => {
      const { language: _language, ...rest } = input
      const isLanguageOnly = Object.values(rest).every((value) => value === undefined)
      return gate.pass('changeSettings', async () => till.changeSettings(input), { isLanguageOnly })
    },
  } satisfies Partial<Till>
}
