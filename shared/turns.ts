/** Work that must not overlap: each piece waits until the one before it is over. A failure ends its own turn and no other's. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  /** What the work comes to, once its turn has come. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return turn
  }

  /** The same for work that nobody waits for. A bug in it stays a rejection that nobody handles, which the process reports. */
  begin(work: () => Promise<void>): void {
    void this.take(work)
  }

  /** Resolves when everything that waits now is over. */
  async settled(): Promise<void> {
    await this.#last
  }
}
