import type { Catalog } from './catalog.ts'

/** 简体中文: what is the matter, word by word for the closed lists of the contracts. */
export const zhReasons: Pick<Catalog, 'storage' | 'setting' | 'practice' | 'printer' | 'printerWhy'> = {
  storage: {
    full: { is: '磁盘已满', next: '请通知经理：磁盘需要腾出空间。' },
    'read-only': { is: '磁盘只读', next: '请通知经理：磁盘需要恢复可写。' },
    io: { is: '磁盘读写出错', next: '请通知经理，检查磁盘之前请用其他收银机。' },
    'cannot-open': { is: '数据文件打不开', next: '请通知经理，处理之前请用其他收银机。' },
    damaged: { is: '数据文件已损坏', next: '请通知经理，处理之前请用其他收银机。' },
    'in-use': { is: '数据文件被其他程序占用', next: '请稍等片刻再试。' },
    'not-permitted': { is: '系统不允许写入', next: '请通知经理：本程序没有写入权限。' },
    'no-memory': { is: '本机内存不足', next: '请关闭其他程序后再试。' },
  },
  setting: {
    'printer-kind': { say: '本机没有这种打印机。', next: '请为小票另选去处。' },
    'printer-host': { say: '这不是打印机的地址。', next: '请输入名称或地址，例如 192.168.1.20。' },
    'radio-choice': { say: '本机没有别的蓝牙驱动可选。', next: '请保持现有驱动。' },
    'already-set-up': { say: '本机已经有第一位经理。', next: '请选择名单里的名字登录。' },
    'own-account': { say: '不能移除自己。', next: '请让另一位经理来做。' },
    'name-empty': { say: '名字里没有文字。', next: '请输入小票上能看清的名字。' },
    'staff-full': { say: '人员名单已满。', next: '请先移除已离职的人员。' },
  },
  practice: {
    'customer-unknown': { say: '练习世界里没有这位顾客。', next: '请在列表里选择。' },
    'cannot-unlock': { say: '手机无法解锁手环：手环没有戴上，或手机不在附近。', next: '请戴上手环、让手机靠近，再解锁。' },
    'not-frozen': { say: '后台没有接受对这个钱包的更改。', next: '请等后台在线后再试。' },
    'no-printer': { say: '这个练习世界没有打印机。', next: '请在设置里为小票另选去处。' },
    'printer-taken': { say: '练习打印机无法开机：位置被其他程序占用。', next: '请先关闭另一个练习世界，再打开打印机。' },
  },
  printer: {
    'no-paper': '缺纸',
    'cover-open': '打印机盖子未关',
    'printer-error': '打印机报错',
    'off-line': '打印机处于离线状态',
    unreachable: '连接不到打印机，请检查电源和网线',
    'cut-off': '与打印机的连接中断',
    silent: '打印机停止应答',
    'file-failed': '无法写入小票文件',
    'not-counted': '磁盘无法写入，打印未登记',
    'not-drawn': '无法生成小票',
    'driver-failed': '打印程序出错',
    'queue-full': '等待打印的小票太多',
    'till-stopped': '打印时收银机停止运行',
  },
  printerWhy: { said: '{{what}}：{{why}}', incomplete: '{{what}}：{{why}}，已出的部分可能不完整' },
}
