// Keeps the screen of a tablet or TV awake if the browser can.
export function stayAwake() {
  const ask = () => document.hidden || navigator.wakeLock.request('screen').catch(() => {})
  if (!navigator.wakeLock) return
  ask()
  document.addEventListener('visibilitychange', ask)
  addEventListener('pointerdown', ask, { once: true })
}
