import { Button, NativeSelect, NumberInput, SegmentedControl, Switch, TextInput } from '@mantine/core'
import { IconPrinter } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { PRINTER_ENCODINGS, type PrinterSettings, type SettingsView } from '#shared/contracts/settings.ts'
import { Confirm } from '../../components/dialog.tsx'
import { isSamePrinter, printerFault } from '../../flows/printer.ts'
import { useSay } from '../../hooks.ts'
import { useAct, useTerminal } from '../../terminal-context.ts'
import { useUi } from '../../ui-store.ts'
import { Facts, Part } from './part.tsx'

const KINDS = ['practice', 'file', 'tcp'] as const satisfies readonly PrinterSettings['kind'][]
const PAPERS_MM = [58, 80] as const
const PORT_MAX = 65_535

/** Where receipts go and how. Changed as a whole: half a change would print wrongly. */
export function PrinterPart({ settings, isManager, onSaved }: { settings: SettingsView; isManager: boolean; onSaved: () => void }) {
  const { t } = useSay()
  return (
    <Part title={t('settings.printer')} isLocked={!isManager} className="part-printer">
      {isManager ? (
        <PrinterForm key={JSON.stringify(settings.printer)} saved={settings.printer} isPractice={settings.practice} onSaved={onSaved} />
      ) : (
        <PrinterFacts printer={settings.printer} />
      )}
    </Part>
  )
}

function PrinterFacts({ printer }: { printer: PrinterSettings }) {
  const { t } = useSay()
  const onOff = (isOn: boolean) => t(isOn ? 'settings.on' : 'settings.off')
  return (
    <Facts
      facts={[
        [t('settings.printerKind'), t(`settings.kind.${printer.kind}`)],
        ...(printer.kind === 'tcp' ? [[t('settings.host'), `${printer.host}:${printer.port}`] as const] : []),
        [t('settings.paper'), t('settings.mm', { count: printer.paperMm })],
        [t('settings.encoding'), t(`settings.encodingIs.${printer.encoding}`)],
        [t('settings.cut'), onOff(printer.cut)],
        [t('settings.drawer'), onOff(printer.drawerPulse)],
      ]}
    />
  )
}

type FormProps = { readonly saved: PrinterSettings; readonly isPractice: boolean; readonly onSaved: () => void }

function PrinterForm({ saved, isPractice, onSaved }: FormProps) {
  const { t } = useSay()
  const { client } = useTerminal()
  const { busy, act } = useAct()
  const [printer, setPrinter] = useState(saved)
  const [said, setSaid] = useState('')
  const change = (patch: Partial<PrinterSettings>) => {
    setSaid('')
    setPrinter((before) => ({ ...before, ...patch }))
  }
  const fault = printerFault(printer)
  const isChanged = !isSamePrinter(printer, saved)
  useEdits(isChanged)
  const kinds = KINDS.filter((kind) => isPractice || kind !== 'practice' || saved.kind === 'practice')
  return (
    <form
      className="printer-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (isChanged && fault === undefined) act(() => client.changeSettings({ printer }), onSaved)
      }}
    >
      <NativeSelect
        size="lg"
        label={t('settings.printerKind')}
        description={t(`settings.kindText.${printer.kind}`)}
        value={printer.kind}
        data={kinds.map((kind) => ({ value: kind, label: t(`settings.kind.${kind}`) }))}
        onChange={({ currentTarget }) => {
          const kind = KINDS.find((one) => one === currentTarget.value)
          if (kind !== undefined) change({ kind })
        }}
      />
      {printer.kind === 'tcp' && <AddressFields printer={printer} fault={fault} onChange={change} />}
      <PaperFields printer={printer} onChange={change} />
      <div className="printer-acts">
        {isChanged ? (
          <>
            <Button type="submit" disabled={busy || fault !== undefined}>
              {t('settings.save')}
            </Button>
            <Button variant="default" disabled={busy} onClick={() => setPrinter(saved)}>
              {t('settings.discard')}
            </Button>
          </>
        ) : (
          <Button
            variant="default"
            disabled={busy}
            leftSection={<IconPrinter aria-hidden="true" />}
            onClick={() =>
              act(
                () => client.testPrint(),
                () => setSaid(t('settings.testPrinted')),
              )
            }
          >
            {t('settings.testPrint')}
          </Button>
        )}
        <span className="part-said" role="status">
          {said}
        </span>
      </div>
      <Leaving />
    </form>
  )
}

/** While this is true, whoever leaves is asked first. */
function useEdits(hasEdits: boolean): void {
  const setEdits = useUi((ui) => ui.setEdits)
  useEffect(() => {
    setEdits(hasEdits)
    return () => setEdits(false)
  }, [hasEdits, setEdits])
}

/** Somebody wants to leave with edits that are not saved. */
function Leaving() {
  const { t } = useSay()
  const { leaving, stay, setEdits } = useUi()
  if (leaving === undefined) return null
  return (
    <Confirm
      title={t('settings.leaveTitle')}
      text={t('settings.leaveText')}
      yes={t('settings.leaveYes')}
      no={t('settings.leaveNo')}
      busy={false}
      onYes={() => {
        setEdits(false)
        leaving()
      }}
      onNo={stay}
    />
  )
}

type FieldsProps = { readonly printer: PrinterSettings; readonly onChange: (patch: Partial<PrinterSettings>) => void }

function AddressFields({ printer, fault, onChange }: FieldsProps & { fault: 'host' | 'port' | undefined }) {
  const { t } = useSay()
  return (
    <div className="printer-address">
      <TextInput
        label={t('settings.host')}
        value={printer.host}
        maxLength={253}
        autoComplete="off"
        spellCheck={false}
        error={fault === 'host' ? t('settings.fault.host') : undefined}
        onChange={(event) => onChange({ host: event.currentTarget.value.trim() })}
      />
      <NumberInput
        size="lg"
        label={t('settings.port')}
        value={printer.port}
        min={1}
        max={PORT_MAX}
        allowDecimal={false}
        allowNegative={false}
        hideControls
        error={fault === 'port' ? t('settings.fault.port') : undefined}
        onChange={(value) => onChange({ port: Number(value) })}
      />
    </div>
  )
}

function PaperFields({ printer, onChange }: FieldsProps) {
  const { t } = useSay()
  return (
    <>
      <div className="choice">
        <span className="choice-label">{t('settings.paper')}</span>
        <SegmentedControl
          aria-label={t('settings.paper')}
          transitionDuration={0}
          value={String(printer.paperMm)}
          data={PAPERS_MM.map((mm) => ({ value: String(mm), label: t('settings.mm', { count: mm }) }))}
          onChange={(value) => onChange({ paperMm: value === '58' ? 58 : 80 })}
        />
      </div>
      <NativeSelect
        size="lg"
        label={t('settings.encoding')}
        value={printer.encoding}
        data={PRINTER_ENCODINGS.map((encoding) => ({ value: encoding, label: t(`settings.encodingIs.${encoding}`) }))}
        onChange={({ currentTarget }) => {
          const encoding = PRINTER_ENCODINGS.find((one) => one === currentTarget.value)
          if (encoding !== undefined) onChange({ encoding })
        }}
      />
      <Switch
        size="lg"
        label={t('settings.cut')}
        checked={printer.cut}
        onChange={(event) => onChange({ cut: event.currentTarget.checked })}
      />
      <Switch
        size="lg"
        label={t('settings.drawer')}
        checked={printer.drawerPulse}
        onChange={(event) => onChange({ drawerPulse: event.currentTarget.checked })}
      />
    </>
  )
}
