/** What a terminal's process and whoever keeps it alive agree on. */

/**
 * Flags of Node for a terminal's process. V8 lets the young half of the heap grow to 16 MB and more under load and gives little of it
 * back; a counter's computer has other programs to run. With 4 MB the process needs about half the memory, at no cost a sale notices
 * (measured: docs/measured.md).
 */
export const TERMINAL_NODE_FLAGS: readonly string[] = ['--max-semi-space-size=4']

/** Exit codes of a terminal's process, after BSD's sysexits.h. Whoever keeps it alive starts it again only after EXIT_BUG or a signal. */
export const EXIT_STOPPED = 0
export const EXIT_USAGE = 64
export const EXIT_REFUSED = 69
export const EXIT_BUG = 70
