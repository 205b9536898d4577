import type { enRefusals } from './en-refusals.ts'

export const zhRefusals: Record<keyof typeof enRefusals, string> = {
  malformed: '请求无法识别。请刷新页面后重试。',
  unsigned: '您已退出登录，请重新登录。',
  'bad-signature': '该通行密钥未被接受。请重试，或换一个通行密钥。',
  'not-allowed': '此处不允许该操作。',
  'not-fresh': '请再次验证通行密钥后操作。',
  'owner-needed': '只有本人可以操作：请用通行密钥登录。',
  unknown: '该内容已不存在。',
  conflict: '情况已有变化，请查看后再决定。',
  'seat-taken': '该座位已被占用。',
  'showtime-closed': '该场次已停止售票。',
  'hold-gone': '保留已过期。',
  'too-many': '尝试次数过多，请稍候。',
  internal: '系统出现问题，未作任何更改，请稍后重试。',
  unavailable: '钱包繁忙，请稍后重试。',
  offline: '没有网络连接。请检查网络后重试。',
  unreadable: '无法读取返回内容。请刷新页面后重试。',
  cancelled: '未验证通行密钥。准备好后请重试。',
  'no-passkeys': '此浏览器不支持通行密钥。请使用恢复码，或换一个浏览器。',
  'passkey-known': '此设备已有您钱包的通行密钥。',
  'passkey-failed': '通行密钥在此无法使用。请重试，或换一台设备。',
}
