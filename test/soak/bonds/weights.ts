/** How often each thing happens in a band’s life: as often as it stands here. */
/** What the owner ordered is in force once they were told so; an owner who heard nothing orders it again. */
export const KNOWN_AFTER: ReadonlySet<string> = new Set(['freeze', 'unfreeze', 'order the release', 'retire the phone'])
export const WEIGHTED = [
  ...(['pay', 'pay', 'pay', 'pay at two tills', 'kill the band while it pays', 'live well', 'live well', 'live well'] as const),
  ...(['pair', 'pair', 'meet', 'meet', 'unlock', 'unlock', 'wear', 'wear', 'take off', 'loose strap', 'knock', 'guess the PIN'] as const),
  ...(['freeze', 'unfreeze', 'unfreeze', 'order the release', 'carry the release', 'retire the phone', 'leave reach'] as const),
  ...(['reset', 'kill the band', 'kill the phone', 'back up', 'restore from backup', 'lose an answer'] as const),
  ...(['fill the disks', 'empty the disks', 'empty the disks', 'wait', 'wait'] as const),
] as const
