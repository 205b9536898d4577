import type { BackendClient } from '#main/ports.ts'
import type { OutboxKind } from '#shared/contracts/backend-api.ts'
import type { BackendState, TillStatus, Unsubscribe } from '#shared/contracts/till.ts'
import type { OutboxId } from '#shared/domain/ids.ts'

/** What the backend said about a record that a person must look at, or why it would not take it. */
export type OutboxAlarm = {
  readonly id: OutboxId
  readonly kind: OutboxKind
  readonly alarm: string
  readonly acked: boolean
  /** When the backend took the record, or else when the record was made, ISO 8601 UTC. */
  readonly at: string
}

export interface Outbox {
  /** Starts sending what is there. */
  start(): void
  /** Something was committed: send it, unless the outbox is waiting after a failure. */
  kick(): void
  /** The backend answers again: stop waiting and send. */
  backOnline(): void
  /** Records not acknowledged yet. */
  pending(): number
  alarms(): readonly OutboxAlarm[]
  /** Sends, and waits until nothing is pending: at most this long, and no longer than sending goes well. True when nothing is. */
  drained(withinMs: number): Promise<boolean>
  /** Resolves when nothing is in flight any more. Close the backend client first, so that a call in flight ends at once. */
  stop(): Promise<void>
}

/** Whether the backend answers, as learned from every call and from probes in between. */
export interface Connection {
  state(): TillStatus['backend']
  /**
   * How far this clock was ahead of the backend's when it last answered, milliseconds; negative: behind. The time an answer took and the
   * whole seconds it is dated in count for nothing. Undefined before the first answer.
   */
  skewMs(): number | undefined
  /** Called at each change between online and offline. */
  onChange(listener: (state: BackendState) => void): Unsubscribe
  /** Begins to probe. */
  start(): void
}

export interface HttpBackendClient extends BackendClient {
  readonly connection: Connection
  /** Ends calls in flight (they answer `offline`), refuses new ones, stops probing. */
  close(): void
}
