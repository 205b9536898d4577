/** The headers that every answer to a page carries, in both hosts. */

/** Where the screens may connect to: their own origin, and the socket's address where a browser does not count it as the same origin. */
export type PageOrigin = { readonly socketOrigin?: string }

const FEATURES_DENIED = [
  'accelerometer',
  'autoplay',
  'camera',
  'clipboard-read',
  'display-capture',
  'encrypted-media',
  'fullscreen',
  'geolocation',
  'gyroscope',
  'hid',
  'idle-detection',
  'local-fonts',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'picture-in-picture',
  'publickey-credentials-get',
  'screen-wake-lock',
  'serial',
  'usb',
  'xr-spatial-tracking',
] as const

/** Sent with everything, whatever it is. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'permissions-policy': FEATURES_DENIED.map((feature) => `${feature}=()`).join(', '),
}

/**
 * The content security policy of the screens. `nonce` admits the one kind of style element their library makes; there is no way to admit
 * a script. Trusted Types are not required: the same library writes its style elements with innerHTML, which they would refuse.
 */
export function screenPolicy(nonce: string, { socketOrigin }: PageOrigin): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self'${socketOrigin === undefined ? '' : ` ${socketOrigin}`}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** The policy of everything that is not the screens: nothing runs, nothing loads, one style element at most. */
export function barePolicy(nonce?: string): string {
  const style = nonce === undefined ? '' : `; style-src 'nonce-${nonce}'`
  return `default-src 'none'${style}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
}
