import './htmx-config.js'
import { each, startClock } from './clock.js'
import { startHtmxTaps } from './htmx-taps.js'
import { read, readsRarely, startLive } from './live.js'
import { renewMenu, showChoice, startMenu } from './menu.js'
import { startTaps } from './taps.js'

// The phase of the panel itself. A pushed status may already be one phase ahead of it.
const panelPhase = () => {
  const panel = document.getElementById('order-panel')
  return panel && panel.dataset.phase
}

// Between these phases only the pushed status changes, and the style shows the panel accordingly.
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
  // This makes a read that began before the push older than the panel, so it is dropped.
  else Object.assign(panel.dataset, { state, phase, version, at })
}

// The page was made just after the claim, so a push with the answer will arrive soon. If it was
// sent before the page listened, the page reads after the time that the answer may take.
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
  // The drink is being remade, so the page must get pushes again, as it did at first.
  const [was, is] = [before, root].map(one => ENDED.includes(one.dataset.phase))
  if (was && !is && readsRarely()) location.reload()
  const title = document.querySelector('main h1')
  if (title) document.title = title.textContent.trim() + shopInTitle
  scrollTo(0, 0)
  if (root.dataset.phase === 'ready' && navigator.vibrate) navigator.vibrate([200, 100, 200])
}

// Offers the phone's own way to send a link. Without it, the link can still be copied.
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
  // A form that is being filled in stays, and only its menu is renewed. Anything else may be
  // replaced.
  replace: fresh => {
    if (fresh.dataset.phase !== 'choosing' || panelPhase() !== 'choosing') return true
    renewMenu(fresh)
    return false
  },
  firstRead,
  // Phones read rarely, because there are many of them and each read is paid for.
  readAfter: 300000,
  swapped: polish,
  pushed: statusPushed,
})
polish()
