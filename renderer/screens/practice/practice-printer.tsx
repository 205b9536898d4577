import { Switch } from '@mantine/core'
import { IconCashRegister } from '@tabler/icons-react'
import type { PaperView, PracticeView } from '#shared/contracts/practice-desk.ts'
import { Drawing } from '../../components/paper.tsx'
import { useSay } from '../../hooks.ts'
import type { Steer } from './practice-drawer.tsx'

/** The virtual printer: its paper and its switch, and what has come out of it. */
export function PracticePrinter({ printer, steer }: { printer: PracticeView['printer']; steer: Steer }) {
  const { t } = useSay()
  const newestFirst = printer.papers.toSorted((a, b) => b.id - a.id)
  return (
    <section aria-label={t('drawer.printer')} className="practice-printer">
      <h3 className="drawer-kind">{t('drawer.printer')}</h3>
      <div className="customer-switches">
        <Switch
          size="md"
          label={t('drawer.paper')}
          checked={printer.paper}
          onChange={(event) => steer({ type: 'printer', paper: event.currentTarget.checked })}
        />
        <Switch
          size="md"
          label={t('drawer.online')}
          checked={printer.online}
          onChange={(event) => steer({ type: 'printer', online: event.currentTarget.checked })}
        />
      </div>
      <h4 className="drawer-kind">{t('drawer.papers')}</h4>
      {newestFirst.length === 0 && <p className="drawer-lead">{t('drawer.noPapers')}</p>}
      <ul className="papers">
        {newestFirst.map((paper) => (
          <PaperOut key={paper.id} paper={paper} />
        ))}
      </ul>
    </section>
  )
}

function PaperOut({ paper }: { paper: PaperView }) {
  const { t, time } = useSay()
  const name = t('drawer.paperAt', { time: time(paper.at) })
  return (
    <li className={paper.cut ? 'paper-out paper-cut' : 'paper-out'}>
      <p className="paper-at figures">
        {name}
        {paper.drawerOpened && (
          <span className="paper-drawer">
            <IconCashRegister size={18} aria-hidden="true" />
            {t('drawer.drawerOpened')}
          </span>
        )}
      </p>
      <Drawing svg={paper.svg} name={name} />
    </li>
  )
}
