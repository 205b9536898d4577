/**
 * Flags of Node for a terminal's process. V8 lets the young half of the heap grow to 16 MB and more under load and gives little of it
 * back; a counter's computer has other programs to run. With 4 MB the process needs about half the memory, at no cost a sale notices
 * (measured: docs/measured.md).
 */
export const TERMINAL_NODE_FLAGS: readonly string[] = ['--max-semi-space-size=4']
