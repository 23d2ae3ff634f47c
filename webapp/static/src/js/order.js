import './htmx-config.js'
import { each, startClock } from './clock.js'
import { startHtmxTaps } from './htmx-taps.js'
import { read, readsRarely, startLive } from './live.js'
import { renewMenu, showChoice, startMenu } from './menu.js'
import { startTaps } from './taps.js'

// The panel's own state: a pushed status may already be a step ahead of it.
const panelState = () => {
  const panel = document.getElementById('order-panel')
  return panel && panel.dataset.state
}

// Between these steps a pushed status is all that changes; how a panel shows it is up to the style.
const WAITING = ['SUBMITTED', 'QUEUED']
const STEPS = [...WAITING, 'MAKING', 'COMPLETED', 'COLLECTED']
const ENDED = ['COLLECTED', 'CANCELLED', 'REFUSED', 'TIMED_OUT']
const has = id => !!document.getElementById(id)

function maySimplyShow(before, after) {
  if (after === before) return true
  if (before === 'CLAIMED') return after === 'ADMITTED' && has('menu')
  const isOnTheWay = [before, after].every(one => STEPS.includes(one))
  return isOnTheWay && (!WAITING.includes(after) || has('cancel-order'))
}

function statusPushed({ dataset: { state, version, at } }) {
  const panel = document.getElementById('order-panel')
  if (!maySimplyShow(panelState(), state)) read('order-panel')
  // A read that was under way before the push is now an older one.
  else Object.assign(panel.dataset, { state, version, at })
}

// The page is as new as the place that was asked for: the answer is on its way, as a push. Where
// that was sent before anybody listened, it is read, after as long as it may take.
const ON_ITS_WAY_MS = 1000
const ANSWER_MS = 700

function firstRead() {
  if (panelState() === 'ADMITTED') return Infinity
  return panelState() === 'CLAIMED' && performance.now() < ON_ITS_WAY_MS ? ANSWER_MS : 0
}

const shopInTitle = document.title.replace(/^.*?(?= – |$)/, '')

function polish(root, before) {
  showChoice()
  if (navigator.vibrate)
    each('[data-buzz]', words => {
      words.hidden = false
    })
  if (!root || root.dataset.state === before.dataset.state) return
  // The drink is made again: from here on the page is told of each step as at first.
  const [was, is] = [before, root].map(one => ENDED.includes(one.dataset.state))
  if (was && !is && readsRarely()) location.reload()
  const title = document.querySelector('main h1')
  if (title) document.title = title.textContent.trim() + shopInTitle
  scrollTo(0, 0)
  if (root.dataset.state === 'COMPLETED' && navigator.vibrate) navigator.vibrate([200, 100, 200])
}

// The phone's own way to send a link; where there is none, the link stands there to be copied.
function offerSharing() {
  if (!navigator.share) return
  each('[data-share]', button => {
    button.hidden = false
    const link = { title: document.title, url: button.dataset.share }
    button.addEventListener('click', () => navigator.share(link).catch(() => {}))
  })
}

startClock()
startTaps()
startHtmxTaps()
offerSharing()
startMenu()
startLive({
  // A form someone is filling in stays, with its menu renewed; everything else may be replaced.
  replace: fresh => {
    if (fresh.dataset.state !== 'ADMITTED' || panelState() !== 'ADMITTED') return true
    renewMenu(fresh)
    return false
  },
  firstRead,
  // Phones are many, and each read is paid for.
  readAfter: 300000,
  swapped: polish,
  pushed: statusPushed,
})
polish()
