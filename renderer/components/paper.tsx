import { useSay } from '../hooks.ts'

/** The receipt's paper. An SVG shown as an image runs nothing and loads nothing, whatever is in it. */
export function Paper({ svg, number }: { svg: string; number: string }) {
  const { t } = useSay()
  return (
    <div className="paper">
      <img src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`} alt={t('done.paper', { number })} />
    </div>
  )
}
