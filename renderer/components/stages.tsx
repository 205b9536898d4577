import { IconCheck } from '@tabler/icons-react'
import { ATTEMPT_STAGES, type AttemptStage } from '#shared/domain/attempt.ts'
import { useSay } from '../hooks.ts'

/** How far a question to a band has come, step by step. */
export function Stages({ stage: now }: { stage: AttemptStage }) {
  const { t } = useSay()
  const reached = ATTEMPT_STAGES.indexOf(now)
  return (
    <ol className="stages" aria-label={t('pay.steps')}>
      {ATTEMPT_STAGES.map((stage, index) => (
        <li
          key={stage}
          className={index < reached ? 'stage stage-past' : index === reached ? 'stage stage-now' : 'stage'}
          aria-current={index === reached ? 'step' : undefined}
        >
          <span className="stage-mark" aria-hidden="true">
            {index < reached ? <IconCheck size={20} stroke={2.5} /> : index + 1}
          </span>
          {t(`pay.stage.${stage}`)}
        </li>
      ))}
    </ol>
  )
}
