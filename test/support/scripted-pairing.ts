/** A band as the backend sees it, without one: what its factory key and its new key would sign at a pairing. */
import { BAND_PATHS } from '#shared/contracts/bands-api.ts'
import { fromBase64Url, fromHex, toBase64Url } from '#shared/contracts/bytes.ts'
import { bound, pairOffer } from '#shared/contracts/link-messages.ts'
import { randomBytes, type Signer, sha256 } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'

type Call = (method: 'POST', path: string, body: unknown) => Promise<Readonly<Record<string, unknown>>>
export type ScriptedBand = {
  readonly bandId: string
  readonly factory: Signer
  /** The key of this epoch. */
  readonly band: Signer
  readonly epoch: number
  readonly phonePoint: Uint8Array
}

/** PAIR-OFFER, base64url. */
export async function offerOf({ bandId, factory, band, epoch, phonePoint }: ScriptedBand): Promise<string> {
  const said = { bandId: fromHex(bandId) ?? new Uint8Array(0), epoch, point: band.point, agreementPoint: band.point, phonePoint }
  const offer = { ...said, bandNonce: randomBytes(16), askDigest: randomBytes(32) }
  return toBase64Url(await sign1(pairOffer, offer, factory, { withKid: false }))
}

/** BOUND, base64url, for a binding as the backend gave it. */
export async function boundOf({ bandId, band, epoch, phonePoint }: ScriptedBand, binding: string): Promise<string> {
  const bindingDigest = await sha256(fromBase64Url(binding) ?? new Uint8Array(0))
  const said = { bandId: fromHex(bandId) ?? new Uint8Array(0), epoch, phonePoint, bindingDigest }
  return toBase64Url(await sign1(bound, said, band, { withKid: false }))
}

/** The whole of it, by the phone's calls; throws when the backend refuses. */
export async function pairScripted(scripted: ScriptedBand, phone: Call): Promise<void> {
  const begun = await phone('POST', BAND_PATHS.pairings, { offer: await offerOf(scripted) })
  const binding = String(begun['binding'])
  const path = BAND_PATHS.confirmation.replace('{bandId}', scripted.bandId)
  const confirmed = await phone('POST', path, { bound: await boundOf(scripted, binding) })
  if (confirmed['epoch'] !== scripted.epoch) throw new Error(`the band was not bound: ${JSON.stringify([begun, confirmed])}`)
}
