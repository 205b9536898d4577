/** What the page does on the side: it tells the terminal that somebody is here, and it makes two quiet sounds. */
import { useEffect } from 'react'
import type { Screen } from './flows/screen.ts'
import { type Tone, toneOf } from './flows/sound.ts'
import { isHeldPress, shouldTell } from './flows/touch.ts'
import { soundIsOn } from './sound-choice.ts'
import { useTerminal } from './terminal-context.ts'
import { useTill } from './till-store.ts'

/** Where a space is a letter. */
const TYPED = 'input:not([type="radio"], [type="checkbox"]), textarea'

/** Passes on that somebody touches the till, seldom enough not to matter. A lost line loses nothing: the next touch is told again. */
export function useTouches(): void {
  const { client } = useTerminal()
  useEffect(() => {
    let toldMs: number | undefined
    const onTouch = () => {
      const nowMs = performance.now()
      if (!shouldTell(toldMs, nowMs)) return
      toldMs = nowMs
      client.touched().catch(() => {
        toldMs = undefined
      })
    }
    window.addEventListener('pointerdown', onTouch, { capture: true, passive: true })
    window.addEventListener('keydown', onTouch, { capture: true, passive: true })
    return () => {
      window.removeEventListener('pointerdown', onTouch, { capture: true })
      window.removeEventListener('keydown', onTouch, { capture: true })
    }
  }, [client])
}

/** Who somebody is, is looked at on its own screen: whoever leaves that has read it, and the till forgets it. */
export function useForgottenAnswers(screen: Screen): void {
  const { client } = useTerminal()
  const hasAnswer = useTill(({ state }) => state?.identify !== undefined && state.identify.state !== 'asking')
  useEffect(() => {
    // When the line is broken the till forgets it by itself, a little later.
    if (hasAnswer && screen !== 'identify') client.endIdentify().catch(() => undefined)
  }, [client, hasAnswer, screen])
}

/**
 * One press of a key is one press of a button. A key that is held down would press the button that has the focus again and again, and the
 * next screen's first button after it. Listens before everybody else, so that nobody acts on what it has stopped.
 */
export function useNoHeldPresses(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.repeat && isHeldPress(event.key, event.target instanceof Element && event.target.matches(TYPED))) event.preventDefault()
    }
    window.addEventListener('keydown', onKey, { capture: true })
    return () => window.removeEventListener('keydown', onKey, { capture: true })
  }, [])
}

/** A paid or refused payment is heard as well as seen, while sounds are on. */
export function useSounds(): void {
  useEffect(
    () =>
      useTill.subscribe(({ state }, { state: before }) => {
        if (state === undefined || state === before || !soundIsOn()) return
        const tone = toneOf(before, state)
        if (tone !== undefined) play(tone)
      }),
    [],
  )
}

/** Two notes each, in hertz: rising when paid, falling when refused. */
const NOTES_HZ: Readonly<Record<Tone, readonly [number, number]>> = { paid: [660, 880], refused: [330, 262] }
const NOTE_S = 0.09
/** A twelfth of full scale: heard at the counter, not in the queue. */
const LOUDNESS = 0.08
const FADE_S = 0.012
let audio: AudioContext | undefined

function play(tone: Tone): void {
  // A page without a sound device, or one that was never touched, stays silent.
  if (typeof AudioContext === 'undefined') return
  audio ??= new AudioContext()
  if (audio.state === 'suspended') audio.resume().catch(() => undefined)
  for (const [index, hertz] of NOTES_HZ[tone].entries()) note(audio, hertz, audio.currentTime + index * NOTE_S)
}

function note(context: AudioContext, hertz: number, atS: number): void {
  const oscillator = new OscillatorNode(context, { type: 'sine', frequency: hertz })
  const gain = new GainNode(context, { gain: 0 })
  gain.gain.setValueAtTime(0, atS)
  gain.gain.linearRampToValueAtTime(LOUDNESS, atS + FADE_S)
  gain.gain.setValueAtTime(LOUDNESS, atS + NOTE_S - FADE_S)
  gain.gain.linearRampToValueAtTime(0, atS + NOTE_S)
  oscillator.connect(gain).connect(context.destination)
  oscillator.start(atS)
  oscillator.stop(atS + NOTE_S)
}
