import type { Catalog } from './catalog.ts'
import { zhPhone } from './zh-phone.ts'
import { zhRefusals } from './zh-refusals.ts'

export const zhCN: Catalog = {
  refusals: zhRefusals,
  phone: zhPhone,
  app: {
    name: 'Bandtill',
    title: 'Bandtill 钱包',
    main: '主要',
    lost: '丢了？',
    lostLong: '手环或手机丢了？立即停止付款',
    language: 'EN',
    languageLong: 'Switch to English',
    loading: '请稍候…',
    tryAgain: '重试',
    unreachable: '无法连接钱包',
    back: '返回',
  },
  nav: { home: '钱包', more: '更多' },
  signIn: {
    title: '您的钱包',
    text: '查看手环的付款，设置限额，丢失时立即停止一切付款。',
    passkey: '用通行密钥登录',
    code: '使用恢复码',
    ended: '您已退出登录。重新登录即可从刚才的地方继续。',
    left: '您已退出登录。',
    lostTitle: '手环或手机丢了？',
    lostText: '立即停止所有付款。只需几秒，之后可以恢复。',
    lostGo: '停止所有付款',
  },
  home: { balance: '余额', held: '商家预留' },
  more: {
    title: '更多',
    signOut: '退出登录',
    everywhere: '在所有设备上退出',
    scheme: '颜色',
    schemes: { system: '跟随设备', light: '浅色', dark: '深色' },
  },
}
