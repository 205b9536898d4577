import type { Catalog } from './catalog.ts'

export const zhNotices: Catalog['notices'] = {
  title: '通知',
  text: '与钱包安全有关的一切。',
  none: '还没有发生任何事。',
  fresh: '新',
  notYou: '不是您本人？停止所有付款。',
  kinds: {
    'band-paired': { title: '配对了一只手环', text: '手环 {{detail}} 现在可以从这个钱包付款。' },
    'band-released': { title: '解除了一只手环的绑定', text: '手环 {{detail}} 不能再付款。' },
    'pairing-refused': {
      title: '有人试图占用您的手环',
      text: '另一部手机试图配对手环 {{detail}}，已被拒绝，对方一无所获。手环在您身边吗？',
    },
    'account-frozen': { title: '所有付款已停止', text: '操作者：{{detail}}。' },
    'account-unfrozen': { title: '付款已恢复', text: '操作者：{{detail}}。' },
    'phone-added': { title: '添加了一部手机', text: '手机 {{detail}} 现在可以代表您的手环。' },
    'phone-retired': { title: '停用了一部手机', text: '手机 {{detail}} 不能再做任何事。' },
    'passkey-added': { title: '添加了通行密钥', text: '“{{detail}}”现在可以登录。' },
    'passkey-removed': { title: '移除了通行密钥', text: '“{{detail}}”不能再登录。' },
    'recovery-code-used': { title: '使用了一个恢复码', text: '还剩 {{detail}} 个。' },
    'recovery-codes-made': { title: '生成了新的恢复码', text: '共 {{detail}} 个，旧的已失效。' },
    'limits-changed': { title: '更改了限额', text: '操作者：{{detail}}。' },
    'card-changed': { title: '您的身份卡已更改', text: '钱包运营方登记了您的{{detail}}。' },
    'allowance-fork': { title: '离线时同一笔钱付了两次', text: '您的手环或手机可能被复制。所有付款已停止，您的钱是安全的。' },
  },
  by: {
    passkey: '您本人（通行密钥）',
    'recovery-code': '您本人（恢复码）',
    operator: '钱包运营方',
    backend: '钱包系统',
    phone: '您的手机',
    owner: '您本人（已登录）',
  },
}
