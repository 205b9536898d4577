/** The kinds of file the screens are made of. A file of any other kind in the bundle's folder is not served. */
const CONTENT_TYPES: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.woff2', 'font/woff2'],
  ['.woff', 'font/woff'],
  ['.ttf', 'font/ttf'],
  ['.json', 'application/json; charset=utf-8'],
])

/** The content type for a file's ending (with its dot, lower case), or undefined when such files are not served. */
export function contentTypeOf(ending: string): string | undefined {
  return CONTENT_TYPES.get(ending)
}
