import { SegmentedControl } from '@mantine/core'
import { IconBasket, IconBottle, IconBucket, IconCookie } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import type { Product } from '#shared/domain/programme.ts'
import { LINE_QUANTITY_MAX } from '#shared/domain/sale-line.ts'
import { QueryState } from '../../components/query-state.tsx'
import { useProgrammeQuery, useSay } from '../../hooks.ts'
import { useQuantity, useTillState } from '../../terminal-context.ts'
import { useUi } from '../../ui-store.ts'

const GROUPS = ['popcorn', 'drink', 'snack', 'combo'] as const satisfies readonly Product['group'][]
const GROUP_ICONS = { popcorn: IconBucket, drink: IconBottle, snack: IconCookie, combo: IconBasket } as const
type Shown = 'all' | Product['group']

function isShown(text: string): text is Shown {
  return text === 'all' || GROUPS.some((group) => group === text)
}

/** Snacks and drinks: a tap adds one. */
export function Snacks() {
  const { t } = useSay()
  const query = useProgrammeQuery()
  const { programmeVersion } = useTillState()
  const [shown, setShown] = useState<Shown>('all')
  const list = useRef<HTMLDivElement>(null)
  const asked = useUi((ui) => ui.snacksAsked)
  useEffect(() => {
    if (asked > 0) list.current?.querySelector('button')?.focus()
  }, [asked])
  return (
    <section className="panel snacks" aria-labelledby="snacks-title">
      <header className="panel-head">
        <h2 id="snacks-title">{t('sell.snacks')}</h2>
      </header>
      <SegmentedControl
        aria-label={t('sell.groups')}
        className="snacks-groups"
        value={shown}
        onChange={(value) => isShown(value) && setShown(value)}
        data={(['all', ...GROUPS] as const).map((group) => ({ value: group, label: t(`sell.group.${group}`) }))}
        transitionDuration={0}
        fullWidth
      />
      <div className="panel-scroll snacks-list" ref={list}>
        <QueryState query={query} loading={t('sell.loading')}>
          {(programme) => {
            const products = programme.products.filter((product) => shown === 'all' || product.group === shown)
            if (products.length === 0)
              return <p className="empty">{programmeVersion === 'none' ? t('sell.noProgramme') : t('sell.noSnacks')}</p>
            return products.map((product) => <ProductTile key={product.id} product={product} />)
          }}
        </QueryState>
      </div>
    </section>
  )
}

function ProductTile({ product }: { product: Product }) {
  const { t, words, money } = useSay()
  const { quantity, setQuantity } = useQuantity(product.id)
  const tell = useUi((ui) => ui.tell)
  const Icon = GROUP_ICONS[product.group]
  const add = () => (quantity < LINE_QUANTITY_MAX ? setQuantity(quantity + 1) : tell({ code: 'cart-full' }))
  return (
    <button type="button" className={`product product-${product.group}`} onClick={add} data-product={product.id}>
      <Icon size={24} stroke={1.6} aria-hidden="true" className="product-icon" />
      <span className="product-name">
        <span className="sr">{t('sell.addProduct')} </span>
        {words(product.name)}
      </span>{' '}
      <span className="product-price figures">{money(product.price)}</span>
      {quantity > 0 && (
        <>
          <span className="product-count figures" aria-hidden="true">
            {quantity}
          </span>
          <span className="sr">{t('sell.inCart', { count: quantity })}</span>
        </>
      )}
    </button>
  )
}
