/** A band's life: registered by its maker, bound by a phone, released to a phone that carries the order. */
import * as z from 'zod'
import { done } from '#shared/contracts/backend-api.ts'
import { BAND_PATHS, beginPairing, confirmPairing, getRelease, ownBands, putBand, releaseBand } from '#shared/contracts/bands-api.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import type { Bands } from '../services/bands.ts'
import { type App, accepted, machineId, ownerOf, phoneOf, REFUSALS, urlOf } from './call.ts'

const tags = ['bands']
const config = { caller: 'phone' } as const
const params = z.strictObject({ bandId: machineId })

export function bandRoutes(app: App, bands: Bands): void {
  const register = { summary: 'A band, as it left the factory', tags, params, body: putBand.body, response: { 200: done, ...REFUSALS } }
  app.put(urlOf(BAND_PATHS.band), { config: { caller: 'operator' }, schema: register }, async (request) => {
    accepted(await bands.register(request.params.bandId, request.body.factoryPoint))
    return { ok: true } as const
  })
  const begin = {
    summary: 'Bring what a band has offered: the answer binds it, once the band says so',
    tags,
    body: beginPairing.body,
    response: { 200: beginPairing.reply, ...REFUSALS },
  }
  app.post(BAND_PATHS.pairings, { config, schema: begin }, async (request) => {
    const { signed, keySet } = accepted(await bands.beginPairing(phoneOf(request), request.body.offer))
    return { binding: toBase64Url(signed), keySet: [...keySet] }
  })
  const confirm = {
    summary: 'The band says that it is bound',
    tags,
    params,
    body: confirmPairing.body,
    response: { 200: confirmPairing.reply, ...REFUSALS },
  }
  app.post(urlOf(BAND_PATHS.confirmation), { config, schema: confirm }, async (request) =>
    accepted(await bands.confirmPairing(phoneOf(request), request.params.bandId, request.body.bound)),
  )
  const release = {
    summary: "The owner's order to let a band go, to carry to it",
    tags,
    params,
    response: { 200: getRelease.reply, ...REFUSALS },
  }
  app.get(urlOf(BAND_PATHS.release), { config, schema: release }, async (request) => {
    const { signed, keySet } = accepted(await bands.releaseFor(phoneOf(request), request.params.bandId))
    return { release: toBase64Url(signed), keySet: [...keySet] }
  })
  ownerBandRoutes(app, bands)
}

function ownerBandRoutes(app: App, bands: Bands): void {
  const list = { summary: "The bands of the owner's account", tags, response: { 200: ownBands.reply, ...REFUSALS } }
  app.get(BAND_PATHS.ownBands, { config: { caller: 'owner' }, schema: list }, async (request) => ({
    bands: [...(await bands.ofAccount(ownerOf(request).accountId))],
  }))
  const letGo = {
    summary: 'Let a band go: its proofs are refused from now on',
    tags,
    params,
    response: { 200: releaseBand.reply, ...REFUSALS },
  }
  app.post(urlOf(BAND_PATHS.ownRelease), { config: { caller: 'owner', fresh: true }, schema: letGo }, async (request) => {
    const { bandId } = request.params
    accepted(await bands.release(ownerOf(request).accountId, bandId))
    return { bandId, state: 'released' } as const
  })
}
