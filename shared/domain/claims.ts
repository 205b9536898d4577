/** What can be asked of who somebody is. The list is closed: an age, an address or a picture would each need a reason of its own. */
export const CLAIMS = ['name', 'member-number'] as const
export type Claim = (typeof CLAIMS)[number]

/** Those of `claims` that stand in `among` too, in the order of the list. */
export function claimsIn(claims: readonly Claim[], among: readonly Claim[]): readonly Claim[] {
  return CLAIMS.filter((claim) => claims.includes(claim) && among.includes(claim))
}
