import { defineConfig } from 'electron-vite'
import renderer from './vite.config.ts'

/** The Electron build: main and preload as set here, the renderer as vite.config.ts builds it for both hosts. */
export default defineConfig({
  main: {
    build: {
      outDir: 'dist/main',
      rolldownOptions: {
        input: { main: 'main/electron/main.ts', radio: 'main/radio/noble/main.ts' },
        output: { format: 'es', entryFileNames: '[name].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'dist/preload',
      // A sandboxed preload can load neither ES modules nor packages, so everything it needs is inside one CommonJS file.
      externalizeDeps: false,
      rolldownOptions: { input: { preload: 'main/electron/preload.ts' }, output: { format: 'cjs', entryFileNames: '[name].cjs' } },
    },
  },
  renderer: { ...renderer, build: { ...renderer.build, outDir: 'dist/renderer', rolldownOptions: { input: 'renderer/index.html' } } },
})
