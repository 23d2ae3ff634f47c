// Moves countdowns, time bars and ages once a second, by the server's clock.
let offset = 0
const elapsed = new Set()

// A device's clock may be set back by the network or after a power cut. What is over must stay over
// then, so the monotonic performance.now() corrects the clock. A clock that is set forward cannot
// be told from a device that slept.
const ahead = () => Date.now() - performance.now()
let last = ahead()

export function serverNow() {
  const back = last - ahead()
  if (back > 500) offset += back
  last = ahead()
  return Date.now() + offset
}

// Every fragment says when it was made, so a screen that runs for days keeps the right time.
export function setClock(serverMs) {
  if (!serverMs) return
  const moved = Math.abs(serverMs - serverNow())
  offset = serverMs - Date.now()
  // With a wrong clock a time may have seemed to be over too early, so it may elapse again.
  if (moved > 5000) elapsed.clear()
}
setClock(Number(document.documentElement.dataset.now))

export const minutesSeconds = seconds =>
  Math.floor(seconds / 60) + ':' + String(seconds % 60).padStart(2, '0')

// The bar's time, as everywhere on its pages. A browser that does not know the bar's zone uses the
// device's.
const inZone = timeZone =>
  new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone })
let clockOfBar
try {
  clockOfBar = inZone(document.documentElement.dataset.zone)
} catch {
  clockOfBar = inZone()
}
export const wallClock = ms => clockOfBar.format(ms)

export const each = (selector, act, root = document) => root.querySelectorAll(selector).forEach(act)

const onTick = []

export function everySecond(act) {
  onTick.push(act)
}

// Says words to screen readers only. They are in a shadow root, so that the page itself holds each
// text only once.
let line
export function say(words) {
  line = line || document.getElementById('say').attachShadow({ mode: 'closed' })
  write(line, words)
}

export function write(element, words) {
  if (element.textContent !== words) element.textContent = words
}

export function tick() {
  const now = serverNow()
  each('[data-until]', element => {
    const until = Number(element.dataset.until)
    const left = Math.max(0, Math.ceil((until - now) / 1000))
    write(element, minutesSeconds(left))
    const timer = element.closest('[data-elapsed]')
    if (!timer) return
    if (left <= 60 && !timer.classList.contains('short')) {
      timer.classList.add('short')
      const menu = document.getElementById('menu')
      if (menu) say(menu.dataset.hurry.replace('{seconds}', left))
    }
    if (!left && !elapsed.has(element.dataset.until)) {
      elapsed.add(element.dataset.until)
      const detail = timer.dataset.elapsed
      timer.dispatchEvent(new CustomEvent('elapsed', { bubbles: true, detail }))
    }
  })
  each('[data-bar]', bar => {
    bar.value = Math.max(0, (bar.dataset.bar - now) / 1000)
  })
  onTick.forEach(act => act(now))
}

export function startClock() {
  const next = () => {
    tick()
    setTimeout(next, 1005 - (serverNow() % 1000))
  }
  next()
}
