/** 简体中文：网站询问所有者身份。 */
export const zhConsent = {
  title: '用钱包登录',
  text: '想确认是您本人。您的答复只发给这个网站。',
  asks: '它还想知道：',
  claim: { name: '您的姓名', 'member-number': '您的会员号' },
  same: '它下次能认出您，但所用的编号不会给其他网站；它看不到您的付款。',
  agree: '用通行密钥同意',
  refuse: '不同意，返回',
}
