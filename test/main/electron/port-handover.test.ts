import { EventEmitter } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { IpcMain } from 'electron'
import { expect, test } from 'vitest'
import { acceptPorts, PORT_CHANNEL } from '#main/electron/port-handover.ts'
import { createRpcHandler, MESSAGE_BYTES_MAX } from '#main/hosting/rpc-socket.ts'
import { until } from '../../support/until.ts'
import { memoryLog, watchedTill } from '../hosting/support.ts'
import { ContentsDouble, PortDouble, portMessage } from './electron-double.ts'

const ASK_LANGUAGE = JSON.stringify({ id: 1, method: 'query', params: { path: 'language' } })

function start() {
  const ipcMain = new EventEmitter()
  const own = new ContentsDouble()
  const log = memoryLog()
  const { till, watchers } = watchedTill()
  let isOpen = true
  const rpc = createRpcHandler({ till, log })
  acceptPorts({ ipcMain: ipcMain as unknown as IpcMain, rpc, log, ownContents: () => (isOpen ? own.asContents() : undefined) })
  const hand = (...ports: PortDouble[]) => ipcMain.emit(PORT_CHANNEL, portMessage(own, ports))
  const closeWindow = () => {
    isOpen = false
  }
  return { ipcMain, own, log, hand, closeWindow, watchers }
}

async function answersOn(port: PortDouble): Promise<string> {
  const answer = port.nextSent()
  port.arrive(ASK_LANGUAGE)
  return answer
}

test('a port of the till’s own page is served', async () => {
  const { hand } = start()
  const port = new PortDouble()
  hand(port)
  expect(port.isStarted).toBe(true)
  expect(await answersOn(port)).toBe('{"id":1,"result":{"type":"data","data":"zh-CN"}}')
})

test('a port of any other sender is closed unread', () => {
  const { ipcMain, own, closeWindow, log } = start()
  const other = new ContentsDouble()
  const refused: PortDouble[] = []
  const send = (sender: ContentsDouble, frame: unknown) => {
    const port = new PortDouble()
    refused.push(port)
    ipcMain.emit(PORT_CHANNEL, portMessage(sender, [port], frame))
  }
  send(other, other.mainFrame)
  send(own, null)
  send(own, { origin: 'app://bandtill' })
  for (const origin of ['null', 'file://', 'https://example.com', 'app://bandtill.evil', 'app://bandtill/', '']) {
    const page = own.mainFrame
    own.mainFrame = { origin }
    send(own, own.mainFrame)
    own.mainFrame = page
  }
  closeWindow()
  send(own, own.mainFrame)
  expect(refused.map(({ isClosed, isStarted }) => [isClosed, isStarted])).toEqual(refused.map(() => [true, false]))
  expect(log.lines.length).toBe(refused.length)
})

test('a message without a port does nothing, and surplus ports are closed', () => {
  const { hand } = start()
  hand()
  const [first, second] = [new PortDouble(), new PortDouble()]
  hand(first, second)
  expect([first.isClosed, second.isClosed]).toEqual([false, true])
})

test('the newest port is the one that is served; the old one ends, with what it watched', async () => {
  const { hand, watchers } = start()
  const [old, next] = [new PortDouble(), new PortDouble()]
  hand(old)
  const first = old.nextSent()
  old.arrive(JSON.stringify({ id: 1, method: 'subscription', params: { path: 'watch' } }))
  await first
  await until('it watches', () => watchers() === 1)
  hand(next)
  expect(old.isClosed).toBe(true)
  await until('nobody watches', () => watchers() === 0)
  expect(await answersOn(next)).toContain('zh-CN')
})

test.each([
  ['did-start-navigation', { isMainFrame: true, isSameDocument: false }],
  ['render-process-gone', {}],
  ['destroyed', {}],
] as const)('the port ends with its page (%s)', (name, details) => {
  const { hand, own } = start()
  const port = new PortDouble()
  hand(port)
  own.emit('did-start-navigation', { isMainFrame: true, isSameDocument: true })
  own.emit('did-start-navigation', { isMainFrame: false, isSameDocument: false })
  expect(port.isClosed).toBe(false)
  own.emit(name, details)
  expect(port.isClosed).toBe(true)
})

test('a message that is no text, or too large, ends the port and not the terminal', async () => {
  for (const message of [new Uint8Array(4), { id: 1 }, null, 7, 'x'.repeat(MESSAGE_BYTES_MAX + 1), '极'.repeat(MESSAGE_BYTES_MAX / 2)]) {
    const { hand } = start()
    const port = new PortDouble()
    hand(port)
    port.arrive(message)
    expect(port.isClosed).toBe(true)
    port.arrive(ASK_LANGUAGE)
    expect(port.sent).toEqual([])
    const next = new PortDouble()
    hand(next)
    expect(await answersOn(next)).toContain('zh-CN')
  }
})

test('the preload and the screens speak of the same channel', async () => {
  for (const file of ['main/electron/preload.ts', 'renderer/port-socket.ts']) {
    expect(await readFile(new URL(`../../../${file}`, import.meta.url), 'utf8')).toContain(`'${PORT_CHANNEL}'`)
  }
})
