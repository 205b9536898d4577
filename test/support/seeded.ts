/** A small seeded generator (mulberry32): the same seed gives the same bytes, so that a failure can be run again. */
export class Seeded {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A whole number from 0 up to, not including, `below`. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.below(256))
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }

  /** The bytes with one to three small faults: a bit, a byte, a piece cut out, doubled, put in, or cut off. */
  mutate(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    let mutated = Uint8Array.from(bytes)
    for (let count = 1 + this.below(3); count > 0; count -= 1) mutated = this.#mutateOnce(mutated)
    return mutated
  }

  #mutateOnce(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const at = this.below(bytes.length + 1)
    const length = 1 + this.below(8)
    switch (this.below(6)) {
      case 0:
        return Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ (1 << this.below(8)) : byte))
      case 1:
        return Uint8Array.from(bytes, (byte, index) => (index === at ? this.below(256) : byte))
      case 2:
        return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + length)])
      case 3:
        return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(Math.max(0, at - length), at), ...bytes.subarray(at)])
      case 4:
        return Uint8Array.from([...bytes.subarray(0, at), ...this.bytes(length), ...bytes.subarray(at)])
      default:
        return bytes.slice(0, at)
    }
  }
}
