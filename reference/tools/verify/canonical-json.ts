/** RFC 8785 by its own rules: keys in order of UTF-16 code units, strings and numbers as ECMAScript writes them. Written for this tool alone. */
export function canonicalJson(content: unknown): string {
  if (Array.isArray(content)) return `[${content.map(canonicalJson).join(',')}]`
  if (typeof content === 'object' && content !== null) {
    const members = Object.entries(content)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `${JSON.stringify(key)}:${canonicalJson(value)}`)
    return `{${members.join(',')}}`
  }
  return JSON.stringify(content) ?? ''
}

/** A receipt nests 5 deep. What nests deeper than this is none, and would only use up the stack of whoever looks into it. */
const DEPTH_MAX = 32

/** The content of a JSON object's text, or undefined when the text is not one, or nests deeper than anything a terminal writes. */
export function jsonObject(text: unknown): Readonly<Record<string, unknown>> | undefined {
  try {
    const content: unknown = JSON.parse(String(text))
    const isOne = typeof content === 'object' && content !== null && !Array.isArray(content) && isShallow(content, DEPTH_MAX)
    return isOne ? { ...content } : undefined
  } catch {
    return undefined
  }
}

function isShallow(content: unknown, depthLeft: number): boolean {
  if (typeof content !== 'object' || content === null) return true
  return depthLeft > 0 && Object.values(content).every((item) => isShallow(item, depthLeft - 1))
}

/** The value at a path such as `total.amount`, or undefined. */
export function at(content: unknown, path: string): unknown {
  let value = content
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined
    value = new Map<string, unknown>(Object.entries(value)).get(key)
  }
  return value
}

/** The array at a path, or an empty one. */
export function listAt(content: unknown, path: string): readonly unknown[] {
  const value = at(content, path)
  return Array.isArray(value) ? value : []
}
