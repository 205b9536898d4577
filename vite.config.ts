import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/**
 * Builds the cashier's screens into dist/renderer. Relative addresses, so that the same files work behind both hosts.
 * Nothing is inlined: the content security policy allows no data: font and no inline script.
 */
export default defineConfig({
  root: 'renderer',
  base: './',
  plugins: [react()],
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    minify: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'chrome130',
    chunkSizeWarningLimit: 1_500,
  },
})
