import { createElement, type ReactNode, useEffect, useMemo, useRef } from 'react'
import { useSay } from '../hooks.ts'

/** What a drawing of paper is made of. Nothing here can load, link, run or style anything: whatever else is in the document is left out. */
const TAGS = new Set(['svg', 'g', 'text', 'tspan', 'rect', 'path', 'line', 'polyline', 'polygon', 'circle', 'ellipse', 'image'])
const ATTRIBUTES = new Set([
  'x',
  'y',
  'dx',
  'dy',
  'x1',
  'y1',
  'x2',
  'y2',
  'cx',
  'cy',
  'r',
  'rx',
  'ry',
  'd',
  'points',
  'width',
  'height',
  'viewBox',
  'transform',
  'fill',
  'fill-rule',
  'stroke',
  'stroke-width',
  'stroke-linejoin',
  'stroke-linecap',
  'stroke-dasharray',
  'paint-order',
  'opacity',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
  'dominant-baseline',
  'letter-spacing',
  'textLength',
  'lengthAdjust',
  'shape-rendering',
  'image-rendering',
  'preserveAspectRatio',
])
/** A picture inside the drawing, such as a raster line of the printer: only one that is in the document itself, and only of dots. */
const OWN_PICTURE = /^data:image\/png;base64,[A-Za-z0-9+/=]+$/
/** Paint that points somewhere else, such as url(#x), is left out with its attribute. */
const POINTS_ELSEWHERE = /url\s*\(|[a-z]+:/i

/**
 * The receipt's paper. The terminal's SVG is drawn anew from a closed list of shapes, inside the page, because an SVG that is shown as an
 * image may not use the page's fonts, and a machine without a Chinese font would leave the film's name blank.
 */
export function Paper({ svg, number }: { svg: string; number: string }) {
  const { t } = useSay()
  const paper = useRef<HTMLElement>(null)
  useEffect(() => {
    // A long receipt scrolls, so the keyboard must be able to reach it; a short one would only be in the way.
    const { current } = paper
    if (current !== null) current.tabIndex = current.scrollHeight > current.clientHeight ? 0 : -1
  })
  return (
    <section className="paper" ref={paper} aria-label={t('done.paper', { number })}>
      <Drawing svg={svg} name={t('done.paper', { number })} />
    </section>
  )
}

/** A drawing of paper with its name: anew from a closed list of shapes, in the page's own fonts. */
export function Drawing({ svg, name }: { svg: string; name: string }) {
  const drawing = useMemo(() => redraw(svg), [svg])
  return (
    <div className="drawing" role="img" aria-label={name}>
      {drawing}
    </div>
  )
}

function redraw(svg: string): ReactNode {
  const root = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement
  return root.localName === 'svg' ? element(root, 'paper') : null
}

function element(node: Element, key: string): ReactNode {
  if (!TAGS.has(node.localName)) return null
  const attributes = [...node.attributes].filter(({ name, value }) => ATTRIBUTES.has(name) && !POINTS_ELSEWHERE.test(value))
  const children = [...node.childNodes].map((child, index) => {
    if (child instanceof Element) return element(child, `${key}.${index}`)
    return child.nodeType === Node.TEXT_NODE ? child.nodeValue : null
  })
  const picture = node.getAttribute('href') ?? ''
  if (node.localName === 'image' && !OWN_PICTURE.test(picture)) return null
  const props = Object.fromEntries(attributes.map(({ name, value }) => [camelCase(name), value]))
  if (node.localName === 'image') Object.assign(props, { href: picture })
  return createElement(node.localName, { key, ...props }, ...children)
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase())
}
