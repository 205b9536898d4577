/**
 * A paper as it leaves the head: dots, with letters from the printer's own fonts. So it looks the same on every screen: a drawing shown
 * as an image may not use the fonts of its page, and a machine without a Chinese font would leave names blank.
 */
import { createRequire } from 'node:module'
import type { Dots, Paper } from './paper.ts'
import { documentSvg, drawingSize, NARROW_FACE, paperSvg, pictureSvg, WIDE_FACE } from './paper-svg.ts'

/** A pixel at or below this lightness (0 black, 255 white) becomes a dot: a little above the middle, so that thin strokes survive. */
const BLACK_LIGHTNESS_MAX = 160
/** The contract's limit is as many characters. */
export const PAPER_SVG_MAX_BYTES = 500_000

const resolve = createRequire(import.meta.url).resolve
const FONTS = [
  '@expo-google-fonts/roboto-mono/400Regular/RobotoMono_400Regular.ttf',
  '@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf',
]

/** The paper as an SVG document of at most `PAPER_SVG_MAX_BYTES`. Drawn off the main thread. */
export async function drawPaper(paper: Paper): Promise<string> {
  const written = paperSvg(paper)
  const dots = await dotsOf(written).catch(() => undefined)
  const size = drawingSize(paper)
  const drawn = dots ? documentSvg(size, pictureSvg(dots, { x: 0, y: 0, ...size })) : written
  return Buffer.byteLength(drawn) <= PAPER_SVG_MAX_BYTES ? drawn : paperSvg({ ...paper, pieces: [], isOverfull: true })
}

/** Fails where the platform has no build of the drawing library: the paper is then shown as written. */
async function dotsOf(svg: string): Promise<Dots> {
  // Loaded with the first paper, not with the world: it is native code and two fonts.
  const { renderAsync } = await import('@resvg/resvg-js')
  const { width, height, pixels } = await renderAsync(svg, {
    font: {
      loadSystemFonts: false,
      fontFiles: FONTS.map((name) => resolve(name)),
      defaultFontFamily: WIDE_FACE,
      monospaceFamily: NARROW_FACE,
      sansSerifFamily: WIDE_FACE,
    },
  })
  const rowBytes = Math.ceil(width / 8)
  const rows = new Uint8Array(rowBytes * height)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      // Black on white only, so one channel is the lightness.
      if ((pixels[(y * width + x) * 4] ?? 255) > BLACK_LIGHTNESS_MAX) continue
      const at = y * rowBytes + (x >> 3)
      rows[at] = (rows[at] ?? 0) | (0x80 >> (x & 7))
    }
  }
  return { widthDots: width, heightDots: height, rows }
}
