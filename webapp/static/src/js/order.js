import './htmx-config.js'
import { each, startClock } from './clock.js'
import { startHtmxTaps } from './htmx-taps.js'
import { read, readsRarely, startLive } from './live.js'
import { renewMenu, showChoice, startMenu } from './menu.js'
import { startTaps } from './taps.js'

// The panel's own phase: a pushed status may already be a step ahead of it.
const panelPhase = () => {
  const panel = document.getElementById('order-panel')
  return panel && panel.dataset.phase
}

// Between these a pushed status is all that changes; how a panel shows it is up to the style.
const ON_ITS_WAY = ['waiting', 'in-hand', 'ready', 'served']
const ENDED = ['served', 'over']
const has = id => !!document.getElementById(id)

function maySimplyShow(before, after) {
  if (after === before) return true
  if (before === 'asking') return after === 'choosing' && has('menu')
  const areOnTheWay = [before, after].every(one => ON_ITS_WAY.includes(one))
  return areOnTheWay && (after !== 'waiting' || has('cancel-order'))
}

function statusPushed({ dataset: { state, phase, version, at } }) {
  const panel = document.getElementById('order-panel')
  if (!maySimplyShow(panelPhase(), phase)) read('order-panel')
  // A read that was under way before the push is now an older one.
  else Object.assign(panel.dataset, { state, phase, version, at })
}

// The page is as new as the place that was asked for: the answer is on its way, as a push. Where
// that was sent before anybody listened, it is read, after as long as it may take.
const ON_ITS_WAY_MS = 1000
const ANSWER_MS = 700

function firstRead() {
  if (panelPhase() === 'choosing') return Infinity
  return panelPhase() === 'asking' && performance.now() < ON_ITS_WAY_MS ? ANSWER_MS : 0
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
  const [was, is] = [before, root].map(one => ENDED.includes(one.dataset.phase))
  if (was && !is && readsRarely()) location.reload()
  const title = document.querySelector('main h1')
  if (title) document.title = title.textContent.trim() + shopInTitle
  scrollTo(0, 0)
  if (root.dataset.phase === 'ready' && navigator.vibrate) navigator.vibrate([200, 100, 200])
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
    if (fresh.dataset.phase !== 'choosing' || panelPhase() !== 'choosing') return true
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
