/** What phones call. */
import { BACKEND_PATHS, certifyPhone, submit } from '#shared/contracts/backend-api.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import type { Authorizer } from '../services/authorizer.ts'
import type { Certificates } from '../services/certificates.ts'
import { type App, accepted, phoneOf, REFUSALS } from './call.ts'

const config = { caller: 'phone' } as const

export function phoneRoutes(app: App, parts: { readonly authorizer: Authorizer; readonly certificates: Certificates }): void {
  app.post(
    BACKEND_PATHS.submit,
    {
      config,
      schema: {
        summary: 'Ask for an authorization: the answer is signed, and for ever the same',
        tags: ['payments'],
        body: submit.body,
        response: { 200: submit.reply, ...REFUSALS },
      },
    },
    async (request) => {
      const { kind, signed, hint } = accepted(await parts.authorizer.submit(phoneOf(request), request.body))
      return { kind, signed: toBase64Url(signed), hint }
    },
  )
  app.post(
    BACKEND_PATHS.certifyPhone,
    {
      config,
      schema: {
        summary: 'A batch of pseudonymous certificates',
        tags: ['phones'],
        body: certifyPhone.body,
        response: { 200: certifyPhone.reply, ...REFUSALS },
      },
    },
    async (request) => accepted(await parts.certificates.certifyPhone(phoneOf(request), request.body.keys)),
  )
}
