/** The cinema of the practice world: halls, films, prices, snacks. Invented, in both languages. */
import type * as z from 'zod'
import type { hallSchema, productSchema, showtimeSchema } from '#shared/contracts/backend-api.ts'
import type { Words } from '#shared/domain/words.ts'

type HallBody = z.input<typeof hallSchema>
type ProductBody = z.input<typeof productSchema>
type TicketTypeBody = z.input<typeof showtimeSchema>['ticketTypes'][number]

/** VAT in China, basis points: cinema services 6 %, goods 13 %. Prices include it. */
const TAX_SERVICE = 600
const TAX_GOODS = 1_300

export const MERCHANT = { id: 'aurora', name: { en: 'Aurora Cinemas', 'zh-CN': '极光影城' } } as const
export const SITE = {
  id: 'aurora-bund',
  name: { en: 'Riverside', 'zh-CN': '江畔店' },
  address: { en: '18 Lantern Road, Shanghai', 'zh-CN': '上海市灯笼路18号' },
  timeZone: 'Asia/Shanghai',
  latitudeE5: 3_123_590,
  longitudeE5: 12_149_100,
  currency: 'CNY',
} as const
export const TERMINAL_ID = 'aurora-1'

function hall(
  id: string,
  name: Words,
  plan: {
    readonly rows: readonly string[]
    readonly columns: number
    readonly aisles: readonly number[]
    readonly accessible: readonly string[]
  },
): HallBody {
  const rows = plan.rows.map((label) => {
    const columns = Array.from({ length: plan.columns }, (_, index) => index + 1).filter((column) => !plan.aisles.includes(column))
    const seats = columns.map((column, index) => ({
      id: `${label}${index + 1}`,
      column,
      accessible: plan.accessible.includes(`${label}${index + 1}`),
    }))
    return { label, seats }
  })
  return { id, name, columns: plan.columns, rows }
}

/** Columns are places across the hall, aisles included: a gap in the numbers is an aisle. */
export const HALLS: readonly HallBody[] = [
  hall(
    'hall-1',
    { en: 'Hall 1', 'zh-CN': '1号厅' },
    { rows: ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I'], columns: 16, aisles: [4, 13], accessible: ['A1', 'A2', 'A13', 'A14'] },
  ),
  hall(
    'hall-2',
    { en: 'Hall 2', 'zh-CN': '2号厅' },
    { rows: ['A', 'B', 'C', 'D', 'E', 'F', 'G'], columns: 11, aisles: [6], accessible: ['G1', 'G10'] },
  ),
]

export type Film = { readonly id: string; readonly title: Words; readonly format: Words; readonly minutes: number; readonly rating: string }
export const FILMS: readonly Film[] = [
  {
    id: 'comet',
    title: { en: 'A Comet for the Lighthouse', 'zh-CN': '灯塔与彗星' },
    format: { en: '2D · Mandarin', 'zh-CN': '2D · 国语' },
    minutes: 118,
    rating: 'PG',
  },
  {
    id: 'noodle',
    title: { en: 'The Last Noodle House', 'zh-CN': '最后一家面馆' },
    format: { en: '2D · Mandarin, English subtitles', 'zh-CN': '2D · 国语 英文字幕' },
    minutes: 104,
    rating: 'PG',
  },
  {
    id: 'glacier',
    title: { en: 'Under the Glacier', 'zh-CN': '冰川之下' },
    format: { en: '3D · English, Chinese subtitles', 'zh-CN': '3D · 英语 中文字幕' },
    minutes: 131,
    rating: '13+',
  },
  {
    id: 'moth',
    title: { en: 'Moth and Moon', 'zh-CN': '飞蛾与月亮' },
    format: { en: '2D animation · Mandarin', 'zh-CN': '2D 动画 · 国语' },
    minutes: 92,
    rating: 'G',
  },
]

function yuan(amount: number): { readonly amount: number; readonly currency: 'CNY' } {
  return { amount: amount * 100, currency: 'CNY' }
}

export const TICKET_TYPES: readonly TicketTypeBody[] = [
  { id: 'adult', name: { en: 'Adult', 'zh-CN': '成人' }, price: yuan(58), taxBasisPoints: TAX_SERVICE },
  { id: 'child', name: { en: 'Child', 'zh-CN': '儿童' }, price: yuan(35), taxBasisPoints: TAX_SERVICE },
  { id: 'senior', name: { en: 'Senior', 'zh-CN': '长者' }, price: yuan(39), taxBasisPoints: TAX_SERVICE },
  { id: 'companion', name: { en: 'Accessible companion', 'zh-CN': '无障碍陪同' }, price: yuan(20), taxBasisPoints: TAX_SERVICE },
]

function product(
  id: string,
  group: ProductBody['group'],
  en: string,
  chinese: string,
  price: number,
  taxBasisPoints = TAX_GOODS,
): ProductBody {
  return { id, name: { en, 'zh-CN': chinese }, group, price: yuan(price), taxBasisPoints }
}

export const PRODUCTS: readonly ProductBody[] = [
  product('popcorn-s', 'popcorn', 'Popcorn, small', '爆米花 小份', 18),
  product('popcorn-m', 'popcorn', 'Popcorn, medium', '爆米花 中份', 25),
  product('popcorn-l', 'popcorn', 'Popcorn, large', '爆米花 大份', 32),
  product('popcorn-caramel', 'popcorn', 'Caramel popcorn', '焦糖爆米花', 35),
  product('cola', 'drink', 'Cola', '可乐', 15),
  product('lemon-tea', 'drink', 'Iced lemon tea', '冰柠檬茶', 18),
  product('water', 'drink', 'Mineral water', '矿泉水', 8),
  product('coffee', 'drink', 'Fresh coffee', '现磨咖啡', 26, TAX_SERVICE),
  product('nachos', 'snack', 'Nachos with salsa', '玉米片配莎莎酱', 28),
  product('hot-dog', 'snack', 'Hot dog', '热狗', 22, TAX_SERVICE),
  product('ice-cream', 'snack', 'Ice cream cup', '杯装冰淇淋', 20),
  product('plum', 'snack', 'Sour plums', '话梅', 12),
  product('combo-solo', 'combo', 'Solo: small popcorn and cola', '单人套餐：小爆米花+可乐', 29, TAX_SERVICE),
  product('combo-duo', 'combo', 'Duo: large popcorn and two colas', '双人套餐：大爆米花+两杯可乐', 55, TAX_SERVICE),
  product('combo-family', 'combo', 'Family: two popcorns and four drinks', '家庭套餐：两份爆米花+四杯饮料', 98, TAX_SERVICE),
]
