/** What goes back to the web service: a form the browser posts, so that no token stands in an address that somebody logs. */
import type * as z from 'zod'
import {
  ASSERTION_PATHS,
  type AuthorizeRequest,
  authorizeRequest,
  describeAssertion,
  makeAssertion,
} from '#shared/contracts/assertions-api.ts'
import type { Claim } from '#shared/domain/claims.ts'
import { type Answer, call } from '../api/client.ts'
import { showPasskey } from '../api/passkeys.ts'

export type Asking = z.output<typeof describeAssertion.reply>

/** The request as the browser brought it, or undefined when it is none. */
export function requestIn(query: string): AuthorizeRequest | undefined {
  const parsed = authorizeRequest.safeParse(Object.fromEntries(new URLSearchParams(query)))
  return parsed.success ? parsed.data : undefined
}

export async function askedBy(request: AuthorizeRequest): Answer<Asking> {
  return call('POST', ASSERTION_PATHS.describe, describeAssertion.reply, request)
}

/** Agrees. Where nobody is signed in, or the passkey was shown too long ago, the browser asks for it once. */
export async function agree(request: AuthorizeRequest, agreed: readonly Claim[]): Answer<z.output<typeof makeAssertion.reply>> {
  const ask = async () => call('POST', ASSERTION_PATHS.assertions, makeAssertion.reply, { request, agreed })
  const answer = await ask()
  if (answer.ok || (answer.error.code !== 'unsigned' && answer.error.code !== 'not-fresh')) return answer
  const shown = await showPasskey()
  return shown.ok ? ask() : shown
}

/** Leaves this page. The policy of the page lets this form go to the address that was registered, and to no other. */
export function goBack(request: AuthorizeRequest, fields: Readonly<Record<string, string>>): void {
  const form = document.createElement('form')
  form.method = 'post'
  form.action = request.redirect_uri
  const all = { ...fields, ...(request.state === undefined ? {} : { state: request.state }), iss: location.origin }
  for (const [name, value] of Object.entries(all)) {
    const field = document.createElement('input')
    field.type = 'hidden'
    field.name = name
    field.value = value
    form.append(field)
  }
  document.body.append(form)
  form.submit()
}
