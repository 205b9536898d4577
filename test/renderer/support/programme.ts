import type { HallId, ProductId, SeatId, ShowtimeId, TicketTypeId } from '#shared/domain/ids.ts'
import { type Money, money } from '#shared/domain/money.ts'
import type { Hall, HallRow, Product, Programme, Showtime, TicketType } from '#shared/domain/programme.ts'
import type { Words } from '#shared/domain/words.ts'

const yuan = (amount: number): Money => money(Math.round(amount * 100), 'CNY')
const words = (en: string, zhCN: string): Words => ({ en, 'zh-CN': zhCN })
const MINUTE_MS = 60_000

/** Rows A to L, 16 columns: aisles after the third and before the fourteenth; wheelchair spaces at the ends of row A. */
function hall(id: string, name: Words, rows: number, columns: number): Hall {
  const isAisle = (column: number) => column === 4 || column === columns - 3
  const made = Array.from({ length: rows }, (_, index): HallRow => {
    const label = String.fromCharCode(65 + index)
    const seats = Array.from({ length: columns }, (_each, column) => column + 1).filter((column) => !isAisle(column))
    return {
      label,
      seats: seats.map((column, at) => ({
        id: `${label}${at + 1}` as SeatId,
        column,
        accessible: index === 0 && (at < 2 || at >= seats.length - 2),
      })),
    }
  })
  return { id: id as HallId, name, columns, rows: made }
}

const TYPES: readonly TicketType[] = [
  { id: 'adult' as TicketTypeId, name: words('Adult', '成人'), price: yuan(49.9), taxBasisPoints: 600 },
  { id: 'child' as TicketTypeId, name: words('Child', '儿童'), price: yuan(29.9), taxBasisPoints: 600 },
  { id: 'student' as TicketTypeId, name: words('Student', '学生'), price: yuan(35), taxBasisPoints: 600 },
  { id: 'senior' as TicketTypeId, name: words('Senior', '长者'), price: yuan(32), taxBasisPoints: 600 },
]

const FILMS = [
  {
    title: words('The Lighthouse Keeper', '守灯人'),
    format: words('2D · Mandarin', '2D · 国语'),
    minutes: 118,
    rating: 'PG',
    starts: [-12, 18, 95, 210],
  },
  {
    title: words('Paper Kites over the River', '江上纸鸢'),
    format: words('IMAX · Mandarin', 'IMAX · 国语'),
    minutes: 134,
    rating: 'PG',
    starts: [25, 160, 300],
  },
  { title: words('Second Moon', '第二个月亮'), format: words('3D · English', '3D · 英语'), minutes: 142, rating: '12+', starts: [40, 190] },
  {
    title: words('A Small Orchestra of Cats', '猫的小乐队'),
    format: words('2D · Mandarin', '2D · 国语'),
    minutes: 92,
    rating: 'G',
    starts: [5, 120, 240],
  },
]

const PRODUCTS: readonly (readonly [string, Product['group'], Words, number])[] = [
  ['popcorn-s', 'popcorn', words('Popcorn, small', '爆米花（小）'), 18],
  ['popcorn-l', 'popcorn', words('Popcorn, large', '爆米花（大）'), 28],
  ['popcorn-caramel', 'popcorn', words('Caramel popcorn', '焦糖爆米花'), 32],
  ['cola', 'drink', words('Cola', '可乐'), 14],
  ['water', 'drink', words('Still water', '矿泉水'), 8],
  ['tea', 'drink', words('Jasmine tea', '茉莉花茶'), 16],
  ['plum', 'drink', words('Sour plum drink', '酸梅汤'), 15],
  ['nachos', 'snack', words('Nachos with cheese', '芝士玉米片'), 26],
  ['sausage', 'snack', words('Grilled sausage', '烤肠'), 12],
  ['icecream', 'snack', words('Ice cream', '冰淇淋'), 20],
  ['combo-1', 'combo', words('Single combo', '单人套餐'), 38],
  ['combo-2', 'combo', words('Double combo', '双人套餐'), 62],
]

/** A realistic day at a small cinema, around this instant. */
export function programmeAround(nowMs: number): Programme {
  const halls = [
    hall('hall-1', words('Hall 1', '1 号厅'), 12, 16),
    hall('hall-2', words('Hall 2', '2 号厅'), 10, 14),
    hall('hall-3', words('Hall 3 IMAX', '3 号 IMAX 厅'), 12, 16),
  ]
  const base = Math.ceil(nowMs / (5 * MINUTE_MS)) * 5 * MINUTE_MS
  const showtimes = FILMS.flatMap((film, index) =>
    film.starts.map(
      (minutes, at): Showtime => ({
        id: `show-${index + 1}-${at + 1}` as ShowtimeId,
        hallId: (halls[(index + at) % halls.length] ?? halls[0])?.id ?? ('hall-1' as HallId),
        title: film.title,
        format: film.format,
        startsAt: new Date(base + minutes * MINUTE_MS).toISOString(),
        minutes: film.minutes,
        rating: film.rating,
        ticketTypes: TYPES,
      }),
    ),
  )
  const products = PRODUCTS.map(
    ([id, group, name, price]): Product => ({ id: id as ProductId, name, group, price: yuan(price), taxBasisPoints: 1300 }),
  )
  return { version: '1', currency: 'CNY', halls, showtimes, products }
}
