import { join } from 'node:path'
import { ScreensBuild, screensAreFresh } from '#reference/practice/screens.ts'

const REPOSITORY = join(import.meta.dirname, '../../..')

/** The screens as they are in the source: built when they are missing or older. */
export async function haveScreens(): Promise<void> {
  if (await screensAreFresh(REPOSITORY)) return
  const problem = await new ScreensBuild().run(REPOSITORY)
  if (problem !== undefined) throw new Error(`the screens could not be built: ${problem}`)
}
