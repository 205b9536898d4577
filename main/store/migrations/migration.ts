/** One step of the schema. Frozen once released: a change is a new step. */
export type Migration = {
  /** What `PRAGMA user_version` says after this step. Consecutive from 1. */
  readonly version: number
  readonly sql: string
}
