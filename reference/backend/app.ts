/** The backend as a parts list: everything is handed in, nothing listens yet. */
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { type FastifyBaseLogger, fastify, LogController } from 'fastify'
import { jsonSchemaTransform, serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import { isStorageFault } from './database/faults.ts'
import type { Database } from './database/tables.ts'
import { installCallers } from './plugins/callers.ts'
import { installConsentPage } from './plugins/consent-page.ts'
import { installErrors } from './plugins/errors.ts'
import { createMetrics, installMetrics } from './plugins/metrics.ts'
import { installWalletPage } from './plugins/wallet-page.ts'
import { purgeCallNonces, useCallNonce } from './repositories/nonce-repository.ts'
import { allowanceRoutes } from './routes/allowance-routes.ts'
import { assertionRoutes } from './routes/assertion-routes.ts'
import { bandRoutes } from './routes/band-routes.ts'
import { type App, RefusedCall } from './routes/call.ts'
import { identityRoutes } from './routes/identity-routes.ts'
import { limitsRoutes } from './routes/limits-routes.ts'
import { ownerAccountRoutes } from './routes/owner-account-routes.ts'
import { ownerSignInRoutes } from './routes/owner-sign-in-routes.ts'
import { phoneRoutes } from './routes/phone-routes.ts'
import { recoveryRoutes } from './routes/recovery-routes.ts'
import { registryRoutes } from './routes/registry-routes.ts'
import { serviceRoutes } from './routes/service-routes.ts'
import { terminalRoutes } from './routes/terminal-routes.ts'
import { walletRoutes } from './routes/wallet-routes.ts'
import { witnessRoutes } from './routes/witness-routes.ts'
import { createAlarms } from './services/alarms.ts'
import { Allowances } from './services/allowances.ts'
import { Asked } from './services/asked.ts'
import { Assertions } from './services/assertions.ts'
import { Authorizer } from './services/authorizer.ts'
import { Bands } from './services/bands.ts'
import { Certificates } from './services/certificates.ts'
import { CertifiedTerminals } from './services/certified-terminals.ts'
import { Freezes } from './services/freezes.ts'
import { Holds } from './services/holds.ts'
import { Identities } from './services/identities.ts'
import { IdentityCards } from './services/identity-card.ts'
import { Interest } from './services/interest.ts'
import type { Terms } from './services/interest-rule.ts'
import { JournalHeads } from './services/journal-heads.ts'
import { createNotices } from './services/notices.ts'
import { OfflinePayments } from './services/offline-payments.ts'
import { OutboxIntake } from './services/outbox-intake.ts'
import { createOwnerAccess } from './services/owner-access.ts'
import type { RelyingParty } from './services/passkey-check.ts'
import { Programmes } from './services/programmes.ts'
import { Recovery } from './services/recovery.ts'
import { Registry } from './services/registry.ts'
import { Settlement } from './services/settlement.ts'
import { VerifyKeys } from './services/verify-keys.ts'
import { Voids } from './services/voids.ts'
import { Limits } from './services/wallet-limits.ts'
import { WalletStatements } from './services/wallet-statements.ts'
import type { SigningKeys } from './signing-keys.ts'
import type { Clock, NewId } from './world.ts'

const BODY_MAX_BYTES = 256 * 1024
const REQUEST_TIMEOUT_MS = 10_000
const CONNECTION_TIMEOUT_MS = 15_000
const KEEP_ALIVE_TIMEOUT_MS = 30_000
const HANDLER_TIMEOUT_MS = 9_000
/** For one address. A counter makes a few calls a second at its busiest, and many counters may share an address. */
const CALLS_PER_MINUTE_MAX = 6_000
/** Of a backend that is told nothing about interest: it pays none. */
const NO_INTEREST: Terms = { basisPoints: 0, timeZone: 'UTC' }
const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])

export type BackendParts = {
  readonly db: Database
  readonly clock: Clock
  readonly keys: SigningKeys
  readonly newId: NewId
  readonly log: FastifyBaseLogger
  readonly operatorToken: string
  /** True when something in front ends https and says in X-Forwarded-For who called. */
  readonly isBehindProxy?: boolean
  /** The page that owners' passkeys are for. Left out, it is this backend's own address on this machine. */
  readonly ownerPage?: { readonly rpId: string; readonly origin: string }
  /** The built files of the wallet's page; left out, there is no page. */
  readonly walletDir?: string
  /** Whether that page may reach a practice world on this machine. */
  readonly isPractice?: boolean
  /** What wallets earn from today on. */
  readonly interest?: Terms
}

export type Backend = {
  readonly app: App
  /** Reverses overdue holds of money, frees expired holds of seats, forgets old nonces, and credits interest. Never two at once. */
  sweep(): Promise<void>
  /** From now on new calls are answered `unavailable`; those running finish. */
  beginStop(): void
}

export async function buildApp(parts: BackendParts): Promise<Backend> {
  const { db, log } = parts
  let isStopping = false
  const app = createServer(parts)
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  keepReceivedBody(app)
  installErrors(app)
  // Answers are dated by the clock that judges signatures, so that a till can see how far its own is off.
  app.addHook('onSend', async (_request, reply) => {
    reply.header('date', new Date(parts.clock.nowMs()).toUTCString())
  })
  app.addHook('onRequest', async (request) => {
    if (isStopping && request.url !== BACKEND_PATHS.health) throw new RefusedCall({ code: 'unavailable', message: 'stopping' })
  })
  const metrics = createMetrics()
  installMetrics(app, metrics)
  await installGuards(app, parts.isBehindProxy === true)
  await installDocs(app)

  const party = relyingParty(parts, app)
  if (parts.walletDir !== undefined) {
    await installWalletPage(app, { folder: parts.walletDir, isPractice: parts.isPractice === true }, party)
  }
  const services = createServices(parts, metrics, party)
  if (parts.walletDir !== undefined) installConsentPage(app, parts.walletDir, party, services.assertions)
  const isReady = async () => !isStopping && (await canWrite(db))
  await app.register(async (api: App) => {
    installCallers(api, { ...parts, ...services })
    serviceRoutes(api, { keys: parts.keys, registry: metrics.registry, isReady })
    terminalRoutes(api, { ...services, db, received: ({ outcome }) => metrics.received.inc({ outcome }) })
    recoveryRoutes(api, services)
    phoneRoutes(api, services)
    walletRoutes(api, services)
    limitsRoutes(api, services)
    bandRoutes(api, services.bands)
    identityRoutes(api, services)
    allowanceRoutes(api, { ...services, db })
    assertionRoutes(api, { ...services, issuer: party.origin })
    registryRoutes(api, services)
    ownerSignInRoutes(api, services.owner)
    ownerAccountRoutes(api, services.owner)
    witnessRoutes(api, { db })
  })
  const sweep = oneAtATime(async () => {
    const reversed = await services.settlement.sweep(db)
    const freed = await services.holds.sweep()
    await services.allowances.sweep()
    await db.transaction().execute(async (tx) => purgeCallNonces(tx, parts.clock.nowMs()))
    await services.owner.sweep()
    await services.identities.sweep()
    await services.assertions.sweep()
    const settledDays = await services.interest.sweep(() => isStopping)
    if (reversed > 0 || freed > 0 || settledDays > 0) log.info({ reversed, freed, settledDays }, 'swept')
  })
  app.addHook('onClose', sweep.ended)
  await app.ready()
  return {
    app,
    sweep: sweep.run,
    beginStop: () => {
      isStopping = true
    },
  }
}

/** Work that whoever asks for it while it is under way waits for with the others. `ended` waits until none is under way. */
function oneAtATime(work: () => Promise<void>): { readonly run: () => Promise<void>; readonly ended: () => Promise<void> } {
  let running: Promise<void> | undefined
  return {
    run: async () => {
      running ??= work().finally(() => {
        running = undefined
      })
      return running
    },
    // Whoever asked for the work hears of its failure.
    ended: async () => running?.catch(() => {}),
  }
}

function createServer({ log, isBehindProxy }: BackendParts): App {
  return fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_MAX_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    handlerTimeout: HANDLER_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    trustProxy: isBehindProxy === true,
    exposeHeadRoutes: false,
  }).withTypeProvider<ZodTypeProvider>()
}

/** Browsers make passkeys for a name, never for a number: on this machine the page is at `localhost`. */
function relyingParty({ ownerPage }: BackendParts, app: App): RelyingParty {
  if (ownerPage) return { rpId: ownerPage.rpId, origin: () => ownerPage.origin }
  return {
    rpId: 'localhost',
    origin: () => {
      const address = app.server.address()
      return address !== null && typeof address === 'object' ? `http://localhost:${address.port}` : 'http://localhost'
    },
  }
}

/** The services behind the routes: also for whoever needs them without HTTP. */
export function createServices(parts: BackendParts, metrics: ReturnType<typeof createMetrics>, party: RelyingParty) {
  const { db, clock, keys, newId, log } = parts
  const raise = createAlarms({
    clock,
    newId,
    noticed(kind, terminalId, detail) {
      metrics.alarms.inc({ kind })
      log.warn({ kind, terminalId, detail }, 'alarm')
    },
  })
  const verifyKeys = new VerifyKeys()
  const tell = createNotices({ clock, newId })
  const freezes = new Freezes(clock, tell)
  const terminals = new CertifiedTerminals(keys.keySet, verifyKeys)
  const holds = new Holds(db, clock)
  const settlement = new Settlement({ clock, newId }, holds, raise)
  const interest = parts.interest ?? NO_INTEREST
  const offlinePayments = new OfflinePayments({ clock, newId, keys, verifyKeys, settlement, freezes, tell, raise })
  const answered = (kind: string, reason: string) => metrics.answers.inc({ kind, reason })
  return {
    verifyKeys,
    holds,
    settlement,
    authorizer: new Authorizer({ db, clock, newId, keys, verifyKeys, terminals, holds, raise, answered }),
    intake: new OutboxIntake({
      db,
      clock,
      holds,
      settlement,
      voids: new Voids({ clock, newId }, holds, raise),
      heads: new JournalHeads(verifyKeys, raise),
      offlinePayments,
      raise,
      failed: (entryId, err) => log.error({ entryId, err }, 'outbox entry'),
    }),
    identities: new Identities({ db, clock, newId, keys, verifyKeys, terminals, raise }),
    cards: new IdentityCards(db, tell),
    offlinePayments,
    allowances: new Allowances({ db, clock, newId, keys, verifyKeys }),
    assertions: new Assertions({ db, clock, newId, keys, issuer: party.origin }),
    bands: new Bands({ db, clock, keys, tell }),
    certificates: new Certificates(db, clock, keys),
    limits: new Limits(db, { clock, newId }),
    programmes: new Programmes(db),
    recovery: new Recovery(db),
    registry: new Registry(db, clock, newId, freezes),
    owner: createOwnerAccess({ db, clock, newId, tell, freezes, party }),
    interest: new Interest(db, { clock, newId }, interest),
    asked: new Asked(db),
    statements: new WalletStatements(db, clock, interest),
  }
}

/** Keeps the bytes of each JSON body: a signature covers what was received, not what it means. */
function keepReceivedBody(app: App): void {
  app.decorateRequest('receivedBody')
  app.addHook('onRequest', async (request) => {
    request.receivedBody = new Uint8Array(0)
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body)
    request.receivedBody = new Uint8Array(bytes)
    if (bytes.length === 0) {
      done(null, undefined)
      return
    }
    try {
      done(null, JSON.parse(bytes.toString('utf8')))
    } catch {
      done(new RefusedCall({ code: 'malformed', message: 'the body is not JSON' }))
    }
  })
}

async function installGuards(app: App, isBehindProxy: boolean): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
  })
  await app.register(rateLimit, {
    max: CALLS_PER_MINUTE_MAX,
    timeWindow: '1 minute',
    // Whoever is on this machine can slow us down in simpler ways; behind a proxy every call would look local.
    allowList: (request) => !isBehindProxy && LOOPBACK.has(request.ip),
    errorResponseBuilder: () => new RefusedCall({ code: 'too-many', message: 'too many calls: slow down' }),
  })
}

async function installDocs(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      info: {
        title: 'Bandtill backend',
        description:
          'Calls of terminals and phones are signed (RFC 9421, key ids terminal:… and phone:…); operator calls carry a bearer token; ' +
          'owner calls come from the owner’s page, with the cookie of a session.',
        version: '1',
      },
      components: { securitySchemes: { operator: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
  })
  await app.register(swaggerUi, { routePrefix: BACKEND_PATHS.docs })
}

/** True when a durable write goes through now. */
async function canWrite(db: Database): Promise<boolean> {
  try {
    await useCallNonce(db, 'service', `ready-${process.pid}`, 0)
    await db.transaction().execute(async (tx) => purgeCallNonces(tx, 1))
    return true
  } catch (error) {
    if (isStorageFault(error)) return false
    throw error
  }
}
