/**
 * Episodes that have failed once. They stay here after the fault is mended, and every test run goes through them again. The seed brings
 * back the faults and the cashier; how threads and sockets fall in between is the machine's.
 */
export const KEPT_SEEDS: readonly { readonly group: string; readonly seed: number; readonly episode: number }[] = []
