/** The page works without its worker; with it, it opens without network and can be put on the home screen. */
export function registerWorker(): void {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return
  navigator.serviceWorker.register(new URL('worker.js', document.baseURI)).catch(() => {
    // A browser that refuses, as in private windows: the next visit asks again.
  })
}
