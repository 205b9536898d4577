/** Why a terminal does not start: one sentence that says what to do, in both languages, and how the process ends. */
import { EXIT_REFUSED, EXIT_USAGE } from '#shared/contracts/terminal-process.ts'
import type { Words } from '#shared/domain/words.ts'

export const START_REFUSALS = [
  'usage',
  'crypto-broken',
  'folder-unwritable',
  'key-exposed',
  'key-damaged',
  'in-use',
  'store-unopenable',
  'newer-schema',
  'screens-missing',
  'port-in-use',
  'cannot-listen',
  'backend-needed',
  'code-refused',
  'not-trusted',
  'foreign-journal',
] as const
export type StartRefusalCode = (typeof START_REFUSALS)[number]

/** `subject` is what the sentence is about: a file, a port, the detail from the system. It never holds a secret. */
export type StartRefusal = { readonly code: StartRefusalCode; readonly subject: string }

const WORDS: Readonly<Record<StartRefusalCode, (subject: string) => Words>> = {
  usage: (subject) => ({
    en: subject,
    'zh-CN': '启动参数缺失或有误，详见英文说明。',
  }),
  'crypto-broken': (subject) => ({
    en: `This computer failed the cryptography self-test (${subject}). Reinstall the program or use another computer; nothing was opened.`,
    'zh-CN': `本机未通过加密自检（${subject}）。请重新安装程序或更换电脑；未打开任何数据。`,
  }),
  'folder-unwritable': (subject) => ({
    en: `The data folder cannot be written: ${subject}. Free some space or correct the folder's permissions, then start again.`,
    'zh-CN': `数据文件夹无法写入：${subject}。请释放空间或修正权限，然后重新启动。`,
  }),
  'key-exposed': (subject) => ({
    en: `Others can read this terminal's key: ${subject}. Make the file readable by its owner only (chmod 600), then start again.`,
    'zh-CN': `其他用户可以读取本机密钥：${subject}。请将该文件设为仅所有者可读（chmod 600），然后重新启动。`,
  }),
  'key-damaged': (subject) => ({
    en: `This terminal's key is damaged: ${subject}. Restore the file from a backup, or enrol this terminal anew.`,
    'zh-CN': `本机密钥已损坏：${subject}。请从备份恢复该文件，或重新登记本收银机。`,
  }),
  'in-use': (subject) => ({
    en: `Bandtill is already running with these records: ${subject}. Use the running one, or close it first.`,
    'zh-CN': `已有一个 Bandtill 正在使用这些数据：${subject}。请使用已打开的程序，或先将其关闭。`,
  }),
  'store-unopenable': (subject) => ({
    en: `The terminal's records cannot be opened: ${subject}. Check the folder's permissions and the disk; nothing was changed.`,
    'zh-CN': `无法打开收银数据：${subject}。请检查文件夹权限和磁盘；数据未作任何更改。`,
  }),
  'newer-schema': (subject) => ({
    en: `A newer version of Bandtill wrote these records: ${subject}. Start that version, or update this one.`,
    'zh-CN': `这些数据由更新版本的 Bandtill 写入：${subject}。请启动该版本，或更新本程序。`,
  }),
  'screens-missing': (subject) => ({
    en: `The screens are not built: ${subject}. Run "npm run build", then start again.`,
    'zh-CN': `尚未生成操作界面：${subject}。请先运行“npm run build”，然后重新启动。`,
  }),
  'port-in-use': (subject) => ({
    en: `Port ${subject} is taken by another program. Choose another with --port, or leave --port out.`,
    'zh-CN': `端口 ${subject} 已被其他程序占用。请用 --port 另选端口，或不指定端口。`,
  }),
  'cannot-listen': (subject) => ({
    en: `The screens cannot be served on this computer: ${subject}. Check the loopback network, then start again.`,
    'zh-CN': `无法在本机提供操作界面：${subject}。请检查本机回环网络，然后重新启动。`,
  }),
  'backend-needed': (subject) => ({
    en: `The first start needs the backend, which does not answer: ${subject}. Check its address and the network, then start again.`,
    'zh-CN': `首次启动需要连接后台，但后台没有应答：${subject}。请检查后台地址和网络，然后重新启动。`,
  }),
  'code-refused': (subject) => ({
    en: `The backend does not accept this terminal's enrolment code: ${subject}. Ask for a new code and give it with --enrolment-code.`,
    'zh-CN': `后台未接受本机的登记码：${subject}。请索取新的登记码，并用 --enrolment-code 提供。`,
  }),
  'not-trusted': (subject) => ({
    en: `What the backend sent does not come from the root key this terminal trusts: ${subject}. Check --root-point and --backend.`,
    'zh-CN': `后台发来的内容不是由本机信任的根密钥签发：${subject}。请检查 --root-point 和 --backend。`,
  }),
  'foreign-journal': (subject) => ({
    en: `These records belong to another terminal or another key: ${subject}. Use the folder and key that belong together.`,
    'zh-CN': `这些数据属于另一台收银机或另一把密钥：${subject}。请使用彼此对应的数据文件夹和密钥。`,
  }),
}

/** The sentence for a person. */
export function startRefusalWords({ code, subject }: StartRefusal): Words {
  return WORDS[code](subject)
}

/** How the process ends after a refusal. */
export function exitCodeOf({ code }: StartRefusal): number {
  return code === 'usage' ? EXIT_USAGE : EXIT_REFUSED
}
