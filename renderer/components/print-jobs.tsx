import { IconAlertTriangle, IconPrinter } from '@tabler/icons-react'
import type { PrintJobView } from '#shared/contracts/till.ts'
import type { ReceiptId } from '#shared/domain/ids.ts'
import { jobActs, jobOf, jobWords, needsLook } from '../flows/print-jobs.ts'
import { useSay } from '../hooks.ts'
import { useAct, useTerminal, useTillState } from '../terminal-context.ts'
import { ArmedButton } from './armed-button.tsx'

/** Papers that have not come out: each with what is known, and the two things that can be done about it. Nothing while there are none. */
export function PrintQueue() {
  const { t } = useSay()
  const { jobs } = useTillState().status.printer
  if (jobs.length === 0) return null
  return (
    <section className="jobs" aria-label={t('jobs.title')} data-testid="print-queue">
      <h2>{t('jobs.title')}</h2>
      <ul>
        {jobs.map((job) => (
          <li key={job.id} className={needsLook(job) ? 'job job-stuck' : 'job'} data-job={job.state}>
            <JobState job={job} number={job.printedNumber} />
            <JobActs job={job} />
          </li>
        ))}
      </ul>
    </section>
  )
}

/** The print of one receipt while it is under way or stuck. */
export function ReceiptPrint({ receiptId }: { receiptId: ReceiptId }) {
  const { jobs } = useTillState().status.printer
  const job = jobOf(jobs, receiptId)
  // The place is kept, so that nothing above it moves when a print begins or ends.
  return (
    <div className="job-place">
      {job !== undefined && (
        <div className={needsLook(job) ? 'job job-stuck job-alone' : 'job job-alone'} data-job={job.state} data-testid="print-state">
          <JobState job={job} />
          <JobActs job={job} />
        </div>
      )}
    </div>
  )
}

function JobState({ job, number }: { job: PrintJobView; number?: string }) {
  const { t } = useSay()
  const Icon = needsLook(job) ? IconAlertTriangle : IconPrinter
  return (
    <span className="job-what">
      <Icon size={22} aria-hidden="true" />
      <span>
        {number !== undefined && <strong className="figures">{number} </strong>}
        {jobWords(job, t)}
        {job.tries > 1 && <span className="job-tries"> · {t('jobs.tries', { count: job.tries })}</span>}
      </span>
    </span>
  )
}

function JobActs({ job }: { job: PrintJobView }) {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const { jobs } = useTillState().status.printer
  const { id, printedNumber: number } = job
  // Papers come and go by themselves: what is about another paper now was not meant.
  const meaning = `${job.state} ${jobs.map((each) => each.id).join()}`
  return (
    <span className="job-acts">
      {jobActs(job).map((what) => (
        <ArmedButton
          key={what}
          meaning={meaning}
          size="md"
          h={44}
          variant={what === 'retry' ? 'default' : 'subtle'}
          color="gray"
          disabled={busy}
          aria-label={t(`jobs.${what}Named`, { number })}
          onPress={() => act(() => (what === 'retry' ? client.retryPrint({ jobId: id }) : client.dropPrint({ jobId: id })))}
        >
          {t(`jobs.${what}`)}
        </ArmedButton>
      ))}
    </span>
  )
}
