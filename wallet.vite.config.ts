import { brotliCompressSync, constants } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const TEXT = /\.(?:js|css|html)$/u

/** Beside each text its compressed form: a phone fetches a third of the bytes, and the backend spends nothing on making them. */
const compressed: Plugin = {
  name: 'compressed',
  enforce: 'post',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      for (const [fileName, file] of Object.entries(bundle)) {
        if (!TEXT.test(fileName)) continue
        const source = brotliCompressSync(file.type === 'chunk' ? file.code : file.source, {
          params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
        })
        this.emitFile({ type: 'asset', fileName: `${fileName}.br`, source })
      }
    },
  },
}

/**
 * Builds the wallet's page into dist/wallet, from where the backend serves it under /wallet/. Relative addresses, nothing inlined: its
 * content security policy allows neither data: scripts nor inline ones. The service worker keeps its plain name, since browsers look for
 * changes of it at the address they first found it.
 */
export default defineConfig({
  root: 'reference/phone/pwa',
  base: './',
  plugins: [react(), compressed],
  build: {
    outDir: '../../../dist/wallet',
    emptyOutDir: true,
    minify: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // A third of this travels: React, the parser of the contracts and the words of two languages.
    chunkSizeWarningLimit: 700,
    // Phones of the last few years: Chrome 120, Safari 17.4, Firefox 122 all know passkeys.
    target: ['chrome120', 'safari17.4', 'firefox122'],
    rolldownOptions: {
      input: {
        index: 'reference/phone/pwa/index.html',
        consent: 'reference/phone/pwa/consent.html',
        worker: 'reference/phone/pwa/worker/worker.ts',
      },
      output: { entryFileNames: ({ name }) => (name === 'worker' ? 'worker.js' : 'assets/[name]-[hash].js') },
    },
  },
})
