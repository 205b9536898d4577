import { setTimeout as delay } from 'node:timers/promises'
import { type Browser, chromium } from 'playwright'

/** Of the package's flags, those that a till's browser has not: one process would end with the first page, and pages would reach anywhere. */
const UNLIKE_A_TILL = new Set(['--single-process', '--no-zygote', '--disable-web-security', '--allow-running-insecure-content'])

/** Unpacking takes a few seconds on a busy machine. */
const UNPACKING_TRIES = 60
const UNPACKING_WAIT_MS = 500

/** Starts the Chromium that comes with the packages: nothing needs to be installed on the machine. */
export async function launchChromium(): Promise<Browser> {
  // The package unpacks its own system libraries only when it believes to run on this platform.
  process.env['AWS_LAMBDA_JS_RUNTIME'] ??= 'nodejs22.x'
  const { default: packed } = await import('@sparticuz/chromium')
  // A graphics card in software costs most of the processor's time; our screens are text, boxes and plain drawings.
  packed.setGraphicsMode = false
  const args = packed.args.filter((arg) => !UNLIKE_A_TILL.has(arg))
  const options = { executablePath: await packed.executablePath(), args: [...args, '--no-sandbox'], headless: true }
  for (let tried = 1; ; tried += 1) {
    try {
      return await chromium.launch(options)
    } catch (error) {
      // The package unpacks the browser when it is first asked for: another test may be in the middle of it.
      if (tried === UNPACKING_TRIES || !String(error).includes('ETXTBSY')) throw error
      await delay(UNPACKING_WAIT_MS)
    }
  }
}
