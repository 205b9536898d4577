import { type HTMLInputTypeAttribute, type ReactNode, useId } from 'react'

type Props = {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly hint?: string
  readonly error?: string | undefined
  readonly type?: HTMLInputTypeAttribute
  readonly inputMode?: 'decimal' | 'numeric' | 'text'
  readonly autoComplete?: string
  readonly maxLength?: number
  readonly name?: string
  readonly children?: ReactNode
}

/** One line to type into, with what is wrong with it said beside it and read with it. */
export function Field({
  label,
  value,
  onChange,
  hint,
  error,
  type = 'text',
  inputMode,
  autoComplete = 'off',
  maxLength,
  name,
  children,
}: Props) {
  const id = useId()
  const about = [hint === undefined ? '' : `${id}-hint`, error === undefined ? '' : `${id}-error`].filter((one) => one !== '').join(' ')
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        name={name}
        type={type}
        value={value}
        inputMode={inputMode}
        autoComplete={autoComplete}
        autoCapitalize="off"
        spellCheck={false}
        maxLength={maxLength}
        aria-invalid={error !== undefined}
        aria-describedby={about === '' ? undefined : about}
        onChange={(event) => onChange(event.target.value)}
      />
      {hint !== undefined && (
        <p id={`${id}-hint`} className="hint">
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p id={`${id}-error`} className="error">
          {error}
        </p>
      )}
      {children}
    </div>
  )
}

/** What is typed is sent by a button or by Enter, and by this page alone. */
export function Form({ onSubmit, children }: { onSubmit: () => Promise<void>; children: ReactNode }) {
  return (
    <form
      className="acts"
      onSubmit={(event) => {
        event.preventDefault()
        void onSubmit()
      }}
    >
      {children}
    </form>
  )
}
