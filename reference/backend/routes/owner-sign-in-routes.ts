/** The way in: what a phone, a page nobody is signed in to, and a new phone call. */
import {
  addPasskey,
  enrolPhone,
  inviteOwner,
  OWNER_PATHS,
  ownerStanding,
  passkeyOptions,
  recoverySignIn,
  signIn,
  signInOptions,
} from '#shared/contracts/owner-api.ts'
import { setSessionCookie } from '../plugins/owner-callers.ts'
import type { OwnerAccess } from '../services/owner-access.ts'
import { type App, accepted, phoneOf, REFUSALS, sessionIn } from './call.ts'
import { ENROLMENTS_PER_MINUTE_MAX } from './terminal-routes.ts'

/** Each leaves a row behind for some minutes, and anybody may call them: this is what one address may leave. */
const VISITS_PER_MINUTE_MAX = 120
const visitor = { caller: 'visitor' as const, rateLimit: { max: VISITS_PER_MINUTE_MAX, timeWindow: '1 minute', allowList: [] } }
const enrolling = { caller: 'enrolling-phone' as const, rateLimit: { ...visitor.rateLimit, max: ENROLMENTS_PER_MINUTE_MAX } }
const tags = ['owner']

export function ownerSignInRoutes(app: App, owner: OwnerAccess): void {
  const { party, sessions, passkeys, recoveryCodes } = owner
  registrationRoutes(app, owner)
  app.post(
    OWNER_PATHS.signInOptions,
    {
      config: visitor,
      schema: { summary: 'A challenge to show any passkey to', tags, response: { 200: signInOptions.reply, ...REFUSALS } },
    },
    async () => passkeys.signInOptions(),
  )
  app.post(
    OWNER_PATHS.signIn,
    {
      config: visitor,
      schema: {
        summary: 'Sign in with a passkey, or show one again',
        tags,
        body: signIn.body,
        response: { 200: ownerStanding, ...REFUSALS },
      },
    },
    async (request, reply) => {
      const { token, session } = accepted(await passkeys.signIn(request.body.credential, sessionIn(request)))
      setSessionCookie(reply, party, token)
      return sessions.standing(session)
    },
  )
  app.post(
    OWNER_PATHS.recoverySignIn,
    {
      config: visitor,
      schema: {
        summary: 'Sign in with a recovery code: enough to freeze, never fresh',
        tags,
        body: recoverySignIn.body,
        response: { 200: ownerStanding, ...REFUSALS },
      },
    },
    async (request, reply) => {
      const { token, session } = accepted(await recoveryCodes.signIn(request.body.code, request.ip, sessionIn(request)))
      setSessionCookie(reply, party, token)
      return sessions.standing(session)
    },
  )
  app.post(
    OWNER_PATHS.enrolPhone,
    {
      config: enrolling,
      schema: {
        summary: 'First start of a phone',
        tags: ['phones'],
        body: enrolPhone.body,
        response: { 200: enrolPhone.reply, ...REFUSALS },
      },
    },
    async (request) => {
      const { displayName, currency } = accepted(await owner.phones.enrol(request.body))
      return { phoneId: request.body.phoneId, displayName, currency }
    },
  )
}

function registrationRoutes(app: App, { party, passkeys }: OwnerAccess): void {
  app.post(
    OWNER_PATHS.invitations,
    {
      config: { caller: 'phone' },
      schema: { summary: 'The way into the owner’s page, once', tags: ['phones'], response: { 200: inviteOwner.reply, ...REFUSALS } },
    },
    async (request) => passkeys.invite(phoneOf(request)),
  )
  app.post(
    OWNER_PATHS.passkeyOptions,
    {
      config: visitor,
      schema: {
        summary: 'What a browser needs to make a passkey',
        tags,
        body: passkeyOptions.body,
        response: { 200: passkeyOptions.reply, ...REFUSALS },
      },
    },
    async (request) => accepted(await passkeys.registrationOptions({ invitation: request.body.invitation, session: sessionIn(request) })),
  )
  app.post(
    OWNER_PATHS.passkeys,
    {
      config: visitor,
      schema: { summary: 'Add the passkey it made', tags, body: addPasskey.body, response: { 200: addPasskey.reply, ...REFUSALS } },
    },
    async (request, reply) => {
      const { invitation, label, credential } = request.body
      const added = accepted(await passkeys.register({ invitation, session: sessionIn(request) }, label, credential))
      if (added.opened) setSessionCookie(reply, party, added.opened.token)
      const { passkeyId, recoveryCodes } = added
      return recoveryCodes ? { passkeyId, recoveryCodes } : { passkeyId }
    },
  )
}
