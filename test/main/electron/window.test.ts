import { EventEmitter } from 'node:events'
import type { App } from 'electron'
import { expect, test } from 'vitest'
import { hardenAllContents, hardenSession, windowOptions } from '#main/electron/window.ts'
import { ContentsDouble, Prevented, SessionDouble } from './electron-double.ts'

test('the window gives the page nothing but being a page', () => {
  const options = windowOptions({ preload: '/app/preload.cjs', isPackaged: true })
  expect(options.webPreferences).toEqual({
    preload: '/app/preload.cjs',
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    navigateOnDragDrop: false,
    safeDialogs: true,
    spellcheck: false,
    devTools: false,
    backgroundThrottling: false,
  })
  expect(windowOptions({ preload: '', isPackaged: false }).webPreferences?.devTools).toBe(true)
})

test('every permission, device and download is refused', () => {
  const session = new SessionDouble()
  hardenSession(session.asSession())
  const answers: unknown[] = []
  const answer = (...given: unknown[]) => void answers.push(given)
  for (const permission of [
    'media',
    'geolocation',
    'notifications',
    'hid',
    'serial',
    'usb',
    'clipboard-read',
    'fullscreen',
    'openExternal',
  ]) {
    ;(session.handlers.get('permissionRequest') as (contents: unknown, permission: string, callback: (granted: boolean) => void) => void)(
      {},
      permission,
      answer,
    )
    expect((session.handlers.get('permissionCheck') as (contents: unknown, permission: string) => boolean)({}, permission)).toBe(false)
  }
  expect(answers).toEqual(Array.from({ length: 9 }, () => [false]))
  expect((session.handlers.get('devicePermission') as (details: unknown) => boolean)({})).toBe(false)
  expect(
    (session.handlers.get('usbClasses') as (details: { protectedClasses: string[] }) => string[])({ protectedClasses: ['hid'] }),
  ).toEqual(['hid'])
  for (const name of ['select-hid-device', 'select-serial-port', 'select-usb-device', 'will-download']) {
    const event = new Prevented()
    const chosen: unknown[] = []
    const choose = (...given: unknown[]) => void chosen.push(...given)
    if (name === 'select-serial-port') session.emit(name, event, [], {}, choose)
    else session.emit(name, event, {}, choose)
    expect([name, event.prevented]).toEqual([name, true])
    expect(chosen.filter((one) => one !== '')).toEqual([])
  }
})

test('no request leaves the bundle', () => {
  const session = new SessionDouble()
  hardenSession(session.asSession())
  const isCancelled = (url: string) => {
    let cancelled: boolean | undefined
    const decide = session.handlers.get('onBeforeRequest') as (
      details: { url: string },
      callback: (answer: { cancel: boolean }) => void,
    ) => void
    decide({ url }, ({ cancel }) => {
      cancelled = cancel
    })
    return cancelled
  }
  for (const url of ['app://bandtill/', 'app://bandtill/assets/x.js', 'data:image/svg+xml,x'])
    expect([url, isCancelled(url)]).toEqual([url, false])
  const foreign = [
    'https://example.com/',
    'http://127.0.0.1/',
    'file:///etc/passwd',
    'app://bandtill.evil/',
    'app://other/',
    'ws://127.0.0.1/',
    'blob:x',
    'chrome://gpu',
    'ftp://x/',
  ]
  for (const url of foreign) expect([url, isCancelled(url)]).toEqual([url, true])
})

test('no page, of whatever window, navigates, opens another, embeds a view or picks a device', () => {
  const app = new EventEmitter()
  hardenAllContents(app as unknown as App)
  const contents = new ContentsDouble()
  app.emit('web-contents-created', {}, contents)
  for (const name of ['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview']) {
    const event = new Prevented()
    contents.emit(name, event, 'file:///etc/passwd')
    expect([name, event.prevented]).toEqual([name, true])
  }
  const event = new Prevented()
  let chosen: string | undefined
  contents.emit('select-bluetooth-device', event, [{ deviceId: 'x' }], (id: string) => {
    chosen = id
  })
  expect([event.prevented, chosen]).toEqual([true, ''])
  const details = {
    url: 'https://example.com/',
    frameName: '',
    features: '',
    disposition: 'new-window' as const,
    referrer: { url: '', policy: 'default' as const },
  }
  expect(contents.openHandler?.(details)).toEqual({ action: 'deny' })
})
