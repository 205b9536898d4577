/** For whoever runs or meets the service: health, metrics, published keys. */

import type { Registry } from 'prom-client'
import * as z from 'zod'
import { assert } from '#shared/assert.ts'
import { BACKEND_PATHS, getKeySet } from '#shared/contracts/backend-api.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import { decompressPoint, kidOf } from '#shared/crypto/keys.ts'
import type { SigningKeys } from '../signing-keys.ts'
import { type App, REFUSALS, RefusedCall } from './call.ts'

const status = z.strictObject({ ok: z.literal(true) })
const jwks = z.strictObject({
  keys: z.array(
    z.strictObject({
      kty: z.literal('EC'),
      crv: z.literal('P-256'),
      alg: z.literal('ES256'),
      use: z.literal('sig'),
      kid: z.string(),
      x: z.string(),
      y: z.string(),
    }),
  ),
})
const COORDINATE_BYTES = 32

export function serviceRoutes(
  app: App,
  parts: { readonly keys: SigningKeys; readonly registry: Registry; readonly isReady: () => Promise<boolean> },
): void {
  const config = { caller: 'anyone' } as const
  app.get(
    BACKEND_PATHS.health,
    { config, schema: { summary: 'The process answers', tags: ['service'], response: { 200: status, ...REFUSALS } } },
    async () => ({ ok: true as const }),
  )
  app.get(
    BACKEND_PATHS.ready,
    {
      config,
      schema: {
        summary: 'It can take calls: storage writes, and it is not stopping',
        tags: ['service'],
        response: { 200: status, ...REFUSALS },
      },
    },
    async () => {
      if (!(await parts.isReady())) throw new RefusedCall({ code: 'unavailable', message: 'stopping, or the storage does not write' })
      return { ok: true as const }
    },
  )
  app.get(
    BACKEND_PATHS.metrics,
    { config, schema: { summary: 'Counts for Prometheus', tags: ['service'], response: { 200: z.string(), ...REFUSALS } } },
    async (_request, reply) => {
      const text = await parts.registry.metrics()
      return reply.type(parts.registry.contentType).send(text)
    },
  )
  app.get(
    BACKEND_PATHS.keySet,
    { config, schema: { summary: 'Key statements signed by the root', tags: ['keys'], response: { 200: getKeySet.reply, ...REFUSALS } } },
    async () => ({ keySet: parts.keys.statements.map(toBase64Url), rootPoint: toBase64Url(parts.keys.rootPoint) }),
  )
  app.get(
    BACKEND_PATHS.jwks,
    { config, schema: { summary: 'Keys of identity assertions as JWKs', tags: ['keys'], response: { 200: jwks, ...REFUSALS } } },
    async () => ({ keys: await Promise.all(parts.keys.keySet.points('identity').map(toJwk)) }),
  )
  app.get(
    BACKEND_PATHS.authorizerJwks,
    { config, schema: { summary: 'Authorizer keys as JWKs', tags: ['keys'], response: { 200: jwks, ...REFUSALS } } },
    async () => ({ keys: await Promise.all(parts.keys.keySet.points('authorizer').map(toJwk)) }),
  )
}

async function toJwk(point: Uint8Array): Promise<z.output<typeof jwks>['keys'][number]> {
  const uncompressed = decompressPoint(point)
  assert(uncompressed.ok, 'a key of our own is a point of the curve')
  const x = toBase64Url(uncompressed.value.slice(1, 1 + COORDINATE_BYTES))
  const y = toBase64Url(uncompressed.value.slice(1 + COORDINATE_BYTES))
  return { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid: toBase64Url(await kidOf(point)), x, y }
}
