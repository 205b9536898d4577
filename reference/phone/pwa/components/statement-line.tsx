import { IconArrowBackUp, IconBuildingStore, IconPercentage, IconPigMoney, IconWifiOff } from '@tabler/icons-react'
import type { ComponentType } from 'react'
import { useTranslation } from 'react-i18next'
import type { Currency } from '#shared/domain/money.ts'
import type { StatementLine } from '../api/owner.ts'
import { formatMoney, formatShortDay, formatTime } from '../flows/format.ts'
import { fateOf } from '../flows/statement.ts'
import { useLanguage } from '../hooks.ts'

const ICONS: Readonly<Record<StatementLine['kind'], ComponentType<{ size: number; 'aria-hidden': boolean }>>> = {
  opening: IconPigMoney,
  hold: IconBuildingStore,
  release: IconArrowBackUp,
  capture: IconArrowBackUp,
  void: IconArrowBackUp,
  interest: IconPercentage,
  'set-aside': IconWifiOff,
  slot: IconWifiOff,
  'set-aside-back': IconArrowBackUp,
}

type Props = {
  readonly line: StatementLine
  readonly currency: Currency
  readonly timeZone: string
  /** Where no heading says the day. */
  readonly withDay?: boolean
}

/** One line of a statement in short: who, what became of it, when, how much. */
export function LineSummary({ line, currency, timeZone, withDay = false }: Props) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { kind, at, payment, day, amount } = line
  const Icon = ICONS[kind]
  const fate = kind === 'hold' ? fateOf(line) : undefined
  const about = aboutOf()
  function aboutOf(): string | undefined {
    if (day !== undefined) return t('statement.interestOf', { day: formatShortDay(`${day}T12:00:00Z`, language, 'UTC') })
    if (!payment) return undefined
    return fate ? t(`statement.fates.${fate}`) : t(`statement.kinds.${kind}`)
  }
  return (
    <>
      <span className={amount > 0 ? 'row-icon row-icon-bound' : 'row-icon'}>
        <Icon size={22} aria-hidden />
      </span>
      <span className="row-main">
        <span className="row-line">
          <strong>{payment ? payment.merchant[language] : t(`statement.kinds.${kind}`)}</strong>
          <strong className={amount > 0 ? 'figures amount-in' : 'figures'}>{formatMoney({ amount, currency }, language, 'always')}</strong>
        </span>
        <span className="quiet figures">
          {[about, withDay ? formatShortDay(at, language, timeZone) : undefined, formatTime(at, language, timeZone)]
            .filter((one) => one !== undefined)
            .join(' · ')}
        </span>
      </span>
    </>
  )
}

export function LineRow(props: Props) {
  return (
    <li className="row">
      <LineSummary {...props} />
    </li>
  )
}
