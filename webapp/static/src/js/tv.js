// The TV runs for days without help: it changes QR codes in time, hides a used-up code at once,
// moves the picture by a hair each hour, and shows nothing but its own board.
import './htmx-config.js'
import { startAges } from './ages.js'
import { each, everySecond, startClock } from './clock.js'
import { isOlder, read, startLive } from './live.js'
import { stayAwake } from './wake.js'

const SHIFTS = [
  [0, 0],
  [2, 0],
  [2, 2],
  [0, 2],
]
const HOUR = 3600000
const QUIET_ZONE_PX = 560

const panel = () => document.getElementById('code-panel')
const count = () => document.getElementById('code-count')

function shift(now) {
  const [x, y] = SHIFTS[Math.floor(now / HOUR) % SHIFTS.length]
  document.getElementById('board').style.transform = `translate(${x}px, ${y}px)`
}

// Whole pixels per module keep the QR code's edges sharp at any screen size.
function sharpenCode() {
  each('#code-panel a svg', svg => {
    const modules = svg.viewBox.baseVal && svg.viewBox.baseVal.width
    const unit = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16
    const pixels = QUIET_ZONE_PX * unit * devicePixelRatio
    const perModule = Math.floor(pixels / modules) / devicePixelRatio
    if (!Number.isInteger(modules) || modules > 90 || !perModule) return
    svg.style.width = svg.style.height = perModule * modules + 'px'
  })
}

// A QR code that could not be renewed is refused by now, so the TV covers it.
function coverOldCode(now) {
  panel().classList.toggle('late', now > Number(panel().dataset.goodUntil))
}

// A QR code is good for seconds only, so that a photo of it is worthless when it is sent on. The
// panel already holds the next codes. After the last of them the TV reads the panel, and again
// after a while.
const ASK_AGAIN_MS = 5000
let askedAt = 0

function renewCode(now) {
  if (panel().dataset.state !== 'open' || now < panel().dataset.renew) return
  const next = [...panel().querySelectorAll('template')].find(one => now < one.dataset.renew)
  const shown = panel().querySelector('a.when-open')
  if (!next || !shown) {
    if (now - askedAt < ASK_AGAIN_MS) return
    askedAt = now
    read('code-panel')
    return
  }
  shown.replaceWith(next.content.firstElementChild)
  Object.assign(panel().dataset, next.dataset)
  next.remove()
  sharpenCode()
}

function codeChanged(now) {
  const shown = panel().dataset
  if (shown.state === now.dataset.state && shown.window === now.dataset.window) return
  if (now.dataset.state !== 'open') shown.state = now.dataset.state
  read('code-panel')
}

// A new tile pops once. Often the next push replaces the board within that half second, so the new
// tile goes on where the animation was.
const POP = 500
const born = new Map()

function pop(root, before) {
  const was = new Set([...before.querySelectorAll('[data-tile]')].map(tile => tile.dataset.tile))
  const now = performance.now()
  for (const [name, at] of born) if (now - at > POP) born.delete(name)
  each(
    '[data-tile]',
    tile => {
      const name = tile.dataset.tile
      if (!was.has(name)) born.set(name, now)
      if (!born.has(name)) return
      tile.style.animationDelay = born.get(name) - now + 'ms'
      tile.classList.add('pop')
    },
    root,
  )
}

startAges()
everySecond(shift)
if (panel()) {
  everySecond(coverOldCode)
  everySecond(renewCode)
}
startClock()
sharpenCode()
addEventListener('resize', sharpenCode)
stayAwake()
startLive({
  // A panel that was read before the last push would bring back a used-up code.
  older: (fresh, shown) =>
    isOlder(fresh, shown) || (fresh.id === 'code-panel' && isOlder(fresh, count())),
  swapped: (root, before) => {
    if (root.id === 'code-panel') sharpenCode()
    if (root.id === 'display-board') pop(root, before)
  },
  pushed: root => root.id === 'code-count' && codeChanged(root),
})
