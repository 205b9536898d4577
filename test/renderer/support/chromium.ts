import { type Browser, chromium } from 'playwright'

/** Starts the Chromium that comes with the packages: nothing needs to be installed on the machine. */
export async function launchChromium(): Promise<Browser> {
  // The package unpacks its own system libraries only when it believes to run on this platform.
  process.env['AWS_LAMBDA_JS_RUNTIME'] ??= 'nodejs22.x'
  const { default: packed } = await import('@sparticuz/chromium')
  // One process for everything would end with the first page that is closed.
  const args = packed.args.filter((arg) => arg !== '--single-process' && arg !== '--no-zygote')
  return chromium.launch({ executablePath: await packed.executablePath(), args: [...args, '--no-sandbox'], headless: true })
}
