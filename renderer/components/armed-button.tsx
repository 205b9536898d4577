import { Button, type ButtonProps } from '@mantine/core'
import type { ComponentProps } from 'react'
import { useArmed } from '../use-armed.ts'

type ArmedButtonProps = ButtonProps &
  Omit<ComponentProps<'button'>, keyof ButtonProps | 'onClick'> & {
    /** What a press would do now. When it changes, the button waits anew. */
    readonly meaning: string
    /** What the person chose elsewhere that `meaning` depends on: see useArmed. */
    readonly own?: string | undefined
    readonly onPress: () => void
  }

/**
 * A button that cannot be pressed by a tap that was meant for what stood there before. It looks the same while it waits: a button that
 * dims and brightens in the corner of the eye asks for a look it does not need.
 */
export function ArmedButton({ meaning, own, onPress, 'aria-disabled': isIdle, ...rest }: ArmedButtonProps) {
  const isArmed = useArmed(meaning, own)
  const canPress = isArmed && isIdle !== true
  return <Button {...rest} aria-disabled={!canPress} onClick={() => canPress && onPress()} />
}
