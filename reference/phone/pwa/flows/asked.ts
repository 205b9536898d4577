/** Who asked what: requests for money and for who somebody is, as one list. */

export type Asked<P, I> =
  | { readonly kind: 'payment'; readonly id: string; readonly at: string; readonly request: P }
  | { readonly kind: 'identity'; readonly id: string; readonly at: string; readonly request: I }

/** Of the same instant, money comes first. */
export function newestFirst<
  P extends { readonly requestId: string; readonly at: string },
  I extends { readonly id: string; readonly at: string },
>(payments: readonly P[], identities: readonly I[]): readonly Asked<P, I>[] {
  const all: Asked<P, I>[] = [
    ...payments.map((request) => ({ kind: 'payment' as const, id: request.requestId, at: request.at, request })),
    ...identities.map((request) => ({ kind: 'identity' as const, id: request.id, at: request.at, request })),
  ]
  return all.toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
}
