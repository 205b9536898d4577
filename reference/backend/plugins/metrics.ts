import { Counter, Histogram, Registry } from 'prom-client'
import type { App } from '../routes/call.ts'

const MS_PER_S = 1_000
const DURATION_BUCKETS_S = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

export type Metrics = {
  readonly registry: Registry
  readonly answers: Counter<'kind' | 'reason'>
  readonly alarms: Counter<'kind'>
  readonly received: Counter<'outcome'>
}

/** Counts for Prometheus. Labels are routes, codes and reasons: never an id. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  return {
    registry,
    answers: new Counter({ name: 'bandtill_answers_total', help: 'Signed answers to submits', labelNames: ['kind', 'reason'], registers }),
    alarms: new Counter({ name: 'bandtill_alarms_total', help: 'Things a person must look at', labelNames: ['kind'], registers }),
    received: new Counter({ name: 'bandtill_outbox_entries_total', help: 'Outbox entries by outcome', labelNames: ['outcome'], registers }),
  }
}

export function installMetrics(app: App, metrics: Metrics): void {
  const duration = new Histogram({
    name: 'bandtill_http_request_duration_seconds',
    help: 'Time from request to answer',
    labelNames: ['method', 'route', 'status'],
    buckets: DURATION_BUCKETS_S,
    registers: [metrics.registry],
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    const ms = reply.elapsedTime
    duration.observe({ method: request.method, route, status: reply.statusCode }, ms / MS_PER_S)
    request.log.debug({ method: request.method, route, status: reply.statusCode, ms: Math.round(ms) }, 'answered')
  })
}
