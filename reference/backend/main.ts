/** The backend as a process: `npm run backend`, or a child of the practice supervisor. */
import { mkdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import { assert } from '#shared/assert.ts'
import { toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { ID_BYTES } from '#shared/contracts/radio-messages.ts'
import { randomBytes } from '#shared/crypto/keys.ts'
import { type Backend, buildApp } from './app.ts'
import { openDatabase } from './database/open-database.ts'
import type { Database } from './database/tables.ts'
import { openOperatorToken } from './operator-token.ts'
import { type Options, parseOptions, USAGE } from './options.ts'
import { WALLET_PREFIX } from './plugins/wallet-page.ts'
import { selfTest } from './self-test.ts'
import { openSigningKeys } from './signing-keys.ts'
import { secondsOf } from './world.ts'

const STDERR = 2
const SWEEP_EVERY_MS = 60 * 60_000
/** Running calls get this long to finish; within two seconds of SIGTERM the process has ended. */
const STOP_GRACE_MS = 1_200
const EXIT_USAGE = 2

async function start(options: Options): Promise<void> {
  const log = pino({ level: options.logLevel, base: { part: 'backend' } }, pino.destination({ fd: STDERR, sync: true }))
  const clock = { nowMs: () => Date.now() + options.clockOffsetMs }
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 })
  const keys = await openSigningKeys(join(options.dataDir, 'keys.json'), secondsOf(clock.nowMs()))
  await selfTest(keys)
  const db = await openDatabase(join(options.dataDir, 'backend.sqlite'))
  const backend = await buildApp({
    db,
    clock,
    keys,
    log,
    newId: () => toHex(randomBytes(ID_BYTES)),
    operatorToken: openOperatorToken(options),
    isBehindProxy: options.isHttpsTerminated,
    ...(options.ownerPage ? { ownerPage: options.ownerPage } : {}),
    interest: options.interest,
    walletDir: options.walletDir,
    isPractice: options.isPractice,
  })
  const sweep = () => {
    backend.sweep().catch((err: unknown) => log.error({ err }, 'the sweep failed; the next one tries again'))
  }
  const sweeping = setInterval(sweep, SWEEP_EVERY_MS)
  const stop = stopper(backend, db, log, () => clearInterval(sweeping))
  // Not `once`: a second signal, such as one to the whole group, must not cut the orderly end short.
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // Whoever started this process is gone, and with it any reason to go on.
  process.on('disconnect', stop)
  // It may have gone while this process was still loading.
  if (process.send && !process.connected) stop()
  await backend.app.listen({ host: options.host, port: options.port })
  // Behind the start: after days of standing still there is much to credit, and nobody at a counter should wait for that.
  sweep()
  const { address, port } = addressOf(backend)
  log.info({ address, port }, 'listening')
  process.send?.({ type: 'ready', port, rootPoint: toBase64Url(keys.rootPoint) })
  if (!options.isByHand) return
  process.stdout.write(`Documentation: http://${address.includes(':') ? `[${address}]` : address}:${port}/docs\n`)
  process.stdout.write(`Wallet: ${options.ownerPage?.origin ?? `http://localhost:${port}`}${WALLET_PREFIX}\n`)
}

function addressOf(backend: Backend): AddressInfo {
  const address = backend.app.server.address()
  assert(address !== null && typeof address === 'object', 'a listening server has an address')
  return address
}

/** Finishes running calls, closes the database with everything in the main file, and ends the process. */
function stopper(backend: Backend, db: Database, log: pino.Logger, before: () => void): () => void {
  let isStopping = false
  return () => {
    if (isStopping) return
    isStopping = true
    log.info('stopping')
    before()
    backend.beginStop()
    const cutOff = setTimeout(() => backend.app.server.closeAllConnections(), STOP_GRACE_MS)
    backend.app
      .close()
      .then(async () => db.destroy())
      .then(
        () => {
          clearTimeout(cutOff)
          log.info('stopped')
          process.exit(0)
        },
        (err: unknown) => {
          log.error({ err }, 'stopped badly')
          process.exit(1)
        },
      )
  }
}

const options = parseOptions(process.argv.slice(2), process.env)
if (options.ok) {
  try {
    await start(options.value)
  } catch (error) {
    console.error(`The backend cannot start: ${error instanceof Error ? error.message : String(error)}`)
    process.exit(1)
  }
} else {
  console.error(`${options.error}\n${USAGE}`)
  process.exit(EXIT_USAGE)
}
