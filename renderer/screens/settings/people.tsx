import { Button, SegmentedControl, TextInput } from '@mantine/core'
import { IconKey, IconPlus, IconTrash, IconUser, IconUserShield } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { ROLES, type Role, STAFF_MAX, STAFF_NAME_MAX, type StaffMember } from '#shared/contracts/staff.ts'
import { Confirm, Dialog } from '../../components/dialog.tsx'
import { PinTwice } from '../../components/pin-twice.tsx'
import { QueryState } from '../../components/query-state.tsx'
import { noticeWords } from '../../flows/refusal.ts'
import { useSay } from '../../hooks.ts'
import { useAct, useTerminal } from '../../terminal-context.ts'
import { Part } from './part.tsx'

const STAFF = 'staff'
type Open = { readonly what: 'add' } | { readonly what: 'pin' | 'remove'; readonly person: StaffMember }

/** Who may stand at the till. Everybody changes their own PIN; a manager does the rest. */
export function People({ me }: { me: StaffMember }) {
  const { t } = useSay()
  const { client } = useTerminal()
  const queries = useQueryClient()
  const [open, setOpen] = useState<Open>()
  const [said, setSaid] = useState('')
  const query = useQuery({ queryKey: [STAFF, me.id], queryFn: () => client.staff() })
  const isFull = query.data !== undefined && query.data.length >= STAFF_MAX
  const isManager = me.role === 'manager'
  const close = () => setOpen(undefined)
  const show = (next: Open) => {
    setSaid('')
    setOpen(next)
  }
  const done = (words: string) => {
    setSaid(words)
    close()
    void queries.invalidateQueries({ queryKey: [STAFF] })
  }
  return (
    <Part title={t('staff.title')} isLocked={!isManager} className="part-people">
      <QueryState query={query} loading={t('settings.loading')}>
        {(staff) => (
          <ul className="staff">
            {staff.map((person) => (
              <PersonRow key={person.id} person={person} me={me} onOpen={show} />
            ))}
          </ul>
        )}
      </QueryState>
      {isManager && (
        <Button
          variant="default"
          leftSection={<IconPlus aria-hidden="true" />}
          disabled={query.data === undefined || isFull}
          onClick={() => show({ what: 'add' })}
        >
          {isFull ? t('staff.full') : t('staff.add')}
        </Button>
      )}
      <span className="part-said" role="status">
        {said}
      </span>
      {open?.what === 'add' && <AddPerson onClose={close} onDone={() => done('')} />}
      {open?.what === 'pin' && <NewPin person={open.person} onClose={close} onDone={() => done(t('staff.pinChanged'))} />}
      {open?.what === 'remove' && <RemovePerson person={open.person} onClose={close} onDone={() => done('')} />}
    </Part>
  )
}

function PersonRow({ person, me, onOpen }: { person: StaffMember; me: StaffMember; onOpen: (open: Open) => void }) {
  const { t } = useSay()
  const Icon = person.role === 'manager' ? IconUserShield : IconUser
  const isMe = person.id === me.id
  const isManager = me.role === 'manager'
  return (
    <li className="staff-row" data-staff={person.id}>
      <Icon size={26} stroke={1.6} aria-hidden="true" />
      <span className="staff-who">
        <strong>{person.name}</strong>
        <span>
          {t(`role.${person.role}`)}
          {isMe && ` · ${t('staff.you')}`}
        </span>
      </span>
      {(isMe || isManager) && (
        <button
          type="button"
          className="staff-tool"
          aria-label={t('staff.changePinOf', { name: person.name })}
          title={t('staff.changePin')}
          onClick={() => onOpen({ what: 'pin', person })}
        >
          <IconKey size={22} aria-hidden="true" />
        </button>
      )}
      {isManager && !isMe && (
        <button
          type="button"
          className="staff-tool"
          aria-label={t('staff.removeNamed', { name: person.name })}
          title={t('staff.remove')}
          onClick={() => onOpen({ what: 'remove', person })}
        >
          <IconTrash size={22} aria-hidden="true" />
        </button>
      )}
    </li>
  )
}

type DialogProps = { readonly onClose: () => void; readonly onDone: () => void }

function AddPerson({ onClose, onDone }: DialogProps) {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, refused, act } = useAct('here')
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('cashier')
  const [isNamed, setIsNamed] = useState(false)
  const trimmed = name.trim()
  const isTaken = refused?.code === 'name-taken' && !isNamed
  const add = (pin: string) =>
    act(
      () => client.addStaff({ name: trimmed, role, pin }),
      onDone,
      // Another name helps, not another PIN: back to where it is typed.
      ({ code }) => code === 'name-taken' && setIsNamed(false),
    )
  return (
    <Dialog title={isNamed ? trimmed : t('staff.add')} onClose={onClose} refused={isTaken ? undefined : refused}>
      {isNamed ? (
        <>
          <PinTwice busy={busy} doneLabel={t('staff.add')} onPin={add} />
          <CancelButton onClose={onClose} />
        </>
      ) : (
        <form
          className="dialog-form"
          onSubmit={(event) => {
            event.preventDefault()
            if (trimmed !== '') setIsNamed(true)
          }}
        >
          <NameField name={name} isTaken={isTaken} onName={setName} />
          <div className="choice">
            <span className="choice-label">{t('staff.role')}</span>
            <SegmentedControl
              aria-label={t('staff.role')}
              transitionDuration={0}
              value={role}
              data={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))}
              onChange={(value) => setRole(value === 'manager' ? 'manager' : 'cashier')}
            />
          </div>
          <div className="dialog-acts">
            <Button variant="default" onClick={onClose}>
              {t('staff.cancel')}
            </Button>
            <Button type="submit" disabled={trimmed === ''}>
              {t('setUp.next')}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}

/** The name, and, once somebody else turned out to have it, the words that say so until another one is typed. */
function NameField({ name, isTaken, onName }: { name: string; isTaken: boolean; onName: (name: string) => void }) {
  const { t } = useSay()
  const [taken] = useState(isTaken ? name : undefined)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (taken !== undefined) field.current?.focus()
  }, [taken])
  const { say, next } = noticeWords({ code: 'name-taken' }, t)
  return (
    <TextInput
      ref={field}
      label={t('staff.name')}
      value={name}
      maxLength={STAFF_NAME_MAX}
      autoComplete="off"
      error={taken !== undefined && taken === name && `${say} ${next}`}
      errorProps={{ role: 'alert' }}
      onChange={(event) => onName(event.currentTarget.value)}
    />
  )
}

function NewPin({ person, onClose, onDone }: DialogProps & { person: StaffMember }) {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, refused, act } = useAct('here')
  return (
    <Dialog title={t('staff.changePinTitle', { name: person.name })} onClose={onClose} refused={refused}>
      <PinTwice busy={busy} doneLabel={t('setUp.save')} onPin={(pin) => act(() => client.changePin({ staffId: person.id, pin }), onDone)} />
      <CancelButton onClose={onClose} />
    </Dialog>
  )
}

function CancelButton({ onClose }: { onClose: () => void }) {
  const { t } = useSay()
  return (
    <Button variant="subtle" color="gray" fullWidth onClick={onClose}>
      {t('staff.cancel')}
    </Button>
  )
}

function RemovePerson({ person, onClose, onDone }: DialogProps & { person: StaffMember }) {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, refused, act } = useAct('here')
  return (
    <Confirm
      refused={refused}
      title={t('staff.removeTitle', { name: person.name })}
      text={t('staff.removeText')}
      yes={t('staff.removeYes')}
      no={t('staff.keep')}
      busy={busy}
      onYes={() => act(() => client.removeStaff({ staffId: person.id }), onDone)}
      onNo={onClose}
    />
  )
}
