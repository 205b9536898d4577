/** Loaded before the desktop bundle (`node --import`): wherever the bundle imports `electron`, it gets the double beside this file. */
import { registerHooks } from 'node:module'

const DOUBLE = new URL('electron-module.ts', import.meta.url).href

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    specifier === 'electron' ? { url: DOUBLE, shortCircuit: true } : nextResolve(specifier, context),
})
