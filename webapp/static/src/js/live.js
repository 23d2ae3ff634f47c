// Keeps the page equal to what the server knows: pushed fragments when they are newer,
// a fresh read on every (re)connect, and gentle polling while the push is dead.
import { each, say, serverNow, setClock, tick, wallClock, write } from './clock.js'
import { inert } from './inert.js'

const byId = id => document.getElementById(id)
const sleep = ms => new Promise(done => setTimeout(done, ms))
// So that not all screens ask at once after a breakdown.
const jittered = ms => ms * (0.75 + Math.random() / 2)
const QUIET_BEFORE_BANNER = 2000
const FIRST_RETRY = 1000
const SHORTEST_POLL = 5000
const LONGEST_POLL = 10000
const READ_WITHIN = 9000
const EVERY_WITH_PUSH = 60000
const EVERY_WITHOUT_PUSH = 15000
const EVERY_WHEN_FULL = 6000
const SELDOM = 300000
// What is over is read ever more rarely: little can come of it.
const MORE_RARELY = 1.25
const SETTLED_AFTER = 1000
// The answers of the bar that no later try changes.
const FOR_GOOD = [404, 410]

const isPushed = !!document.querySelector('[sse-connect]')
let alive = !isPushed
let heardAt = serverNow()
let connection
let bannerTimer, pollTimer, nextRead
let pollWait = SHORTEST_POLL
let pressing = false
const reading = new Set()
const readAgain = new Set()
const unread = new Set()
const lastText = {}
const replacedBy = new WeakMap()
const doubted = {}
let mayReplace = () => true
let isLate
let onSwapped = () => {}
let restsAfterNews = false
let readEvery = EVERY_WITHOUT_PUSH
let everyWithPush = EVERY_WITH_PUSH
let everMoreRarely = false
let listens = () => false

const isUnseen = () => document.hidden && !listens()

export const parse = (text, id) =>
  new DOMParser().parseFromString(text, 'text/html').getElementById(id)

// An answer or a push may arrive late: the item's version decides, then the time it was made.
export function isOlder(fresh, shown) {
  const versions = fresh.dataset.version - shown.dataset.version
  return versions < 0 || (versions === 0 && fresh.dataset.at - shown.dataset.at < 0)
}

export function settled(id, before) {
  const root = byId(id)
  if (!root) return
  // The bar got another name, colour or logo, which stand all around: that takes a fresh page.
  const look = before && root.dataset.phase !== 'choosing' && root.dataset.look
  if (look && look !== before.dataset.look) location.reload()
  delete doubted[id]
  setClock(Number(root.dataset.now))
  tick()
  onSwapped(root, before)
  if (restsAfterNews) readInTime()
  if (root.dataset.say) say(root.dataset.say)
}

function heard() {
  heardAt = serverNow()
  each('#heard', element => write(element, wallClock(heardAt)))
}

// After a crash the bar may know less than it did. What was read a while after this came up, and
// says the same, is not late: it is how things are now.
function isOutdated(fresh, shown, askedAt) {
  const { id } = fresh
  if (!isLate(fresh, shown)) {
    delete doubted[id]
    return false
  }
  if (askedAt - doubted[id] > SETTLED_AFTER) return false
  doubt(id)
  return true
}

function doubt(id) {
  if (doubted[id]) return
  doubted[id] = performance.now()
  setTimeout(read, SETTLED_AFTER + 500, id)
}

// Nothing moves under a finger.
async function calm() {
  for (let waited = 0; pressing && waited < 3000; waited += 60) await sleep(60)
}

export async function read(id) {
  const source = document.querySelector(`[data-read="${id}"]`)
  if (!source) return
  if (reading.has(id)) {
    readAgain.add(id)
    return
  }
  reading.add(id)
  const askedAt = performance.now()
  const giveUp = new AbortController()
  const timer = setTimeout(() => giveUp.abort(), READ_WITHIN)
  try {
    const headers = { 'HX-Request': 'true' }
    const answer = await fetch(source.dataset.url, { headers, signal: giveUp.signal })
    const text = await answer.text()
    if (answer.status === 401 || (FOR_GOOD.includes(answer.status) && isOurs(text))) loadAgain()
    const fresh = parse(text, id)
    if (!answer.ok || !fresh) {
      missed(id)
    } else {
      heard()
      unread.delete(id)
      pollWait = SHORTEST_POLL
      if (!isPushed) answered()
      if (alive) show()
      await calm()
      const shown = byId(id)
      if (
        shown &&
        text !== lastText[id] &&
        !isOutdated(fresh, shown, askedAt) &&
        mayReplace(fresh, shown)
      ) {
        lastText[id] = text
        htmx.swap(shown, text, { swapStyle: 'outerHTML' })
        settled(id, shown)
      }
    }
  } catch {
    missed(id)
  }
  clearTimeout(timer)
  reading.delete(id)
  if (readAgain.delete(id)) read(id)
}

// Something between here and the bar may say so, too, and be wrong.
const isOurs = text => !!parse(text, 'toast')

// Signed out, or what the page is about is not there any more: the page itself then answers with
// the way on. Once a minute at most, whatever it answers.
export function loadAgain() {
  const [page, at] = (sessionStorage.loadedAgain || '').split(' ')
  if (page === location.pathname && Date.now() - at < 60000) return
  sessionStorage.loadedAgain = `${location.pathname} ${Date.now()}`
  location.reload()
}

// What is shown stays. While the push still lives (a session that was ended, a read that never
// arrives), the banner comes if the next try has not helped.
function missed(id) {
  unread.add(id)
  // Who lost an answer may have lost the push without knowing it.
  askConnection()
  pollWait = Math.min(pollWait * 1.6, LONGEST_POLL)
  if (!alive || pollTimer) return
  setTimeout(show, QUIET_BEFORE_BANNER)
  pollTimer = setTimeout(poll, jittered(FIRST_RETRY))
}

// Whether this page is told of nothing any more, because its order is over.
export const readsRarely = () => everMoreRarely

export function readAll() {
  each('[data-read]', source => read(source.dataset.read))
}

// Whatever is pushed: in case one was lost.
function readInTime() {
  clearTimeout(nextRead)
  nextRead = setTimeout(() => {
    if (!isUnseen()) readAll()
    if (everMoreRarely) readEvery = Math.min(readEvery * MORE_RARELY, SELDOM)
    readInTime()
  }, readEvery)
}

// The bar has no stream for this page now, or none any more. It reads instead, which is as good:
// nobody need know.
function readsInstead(every, rarely) {
  answered()
  clearTimeout(pollTimer)
  pollTimer = 0
  readEvery = every
  everMoreRarely = rarely
  readAll()
  readInTime()
  show()
}

function connected() {
  if (everyWithPush !== readEvery) {
    readEvery = everyWithPush
    readInTime()
  }
  alive = true
  clearTimeout(bannerTimer)
  clearTimeout(pollTimer)
  bannerTimer = pollTimer = 0
  heard()
  show()
}

// Where nothing is pushed, a read that arrives is all the connection there is.
function answered() {
  alive = true
  clearTimeout(bannerTimer)
  bannerTimer = 0
}

function lost() {
  alive = false
  if (bannerTimer) return
  pollWait = SHORTEST_POLL
  bannerTimer = setTimeout(() => {
    show()
    poll()
  }, QUIET_BEFORE_BANNER)
}

function show() {
  const current = alive && !unread.size
  each('#banner', banner => {
    banner.hidden = current
  })
  each('#alive', dot => {
    dot.hidden = !current
  })
}

// What nobody sees needs no stream; what comes back into sight is read at once.
function rest() {
  if (connection && connection.rest) connection.rest()
}

function wake() {
  if (connection && connection.wake) connection.wake()
  if (!alive) lost()
  askConnection()
  readAll()
}

function askConnection() {
  if (connection && connection.ask) connection.ask()
}

// After a change of network the old connection may be a dead one that does not know it: closing
// it and saying so makes the extension open a new one.
function reconnect() {
  if (!connection || connection.readyState === EventSource.CLOSED) return
  if (connection.renew) {
    connection.renew()
    return
  }
  connection.close()
  connection.onerror(new Event('error'))
}

function poll() {
  clearTimeout(pollTimer)
  pollTimer = 0
  if (alive && !unread.size) return
  if (!isUnseen()) readAll()
  pollTimer = setTimeout(poll, jittered(pollWait))
}

// `replace(fresh, shown)` may refuse a swap, `older(fresh, shown)` tells what is late;
// `swapped(root, before)` follows every swap;
// `pushed(root, before)` follows the pushed ones, `signalled(words)` a signal with a note;
// `isShown(signal)` may spare the read after a signal;
// `firstRead()` milliseconds after connecting all is read unless something was pushed meanwhile,
// then again with each new connection. All is read each minute in any case, or, where news are
// news of the whole page, `readAfter` milliseconds after the last ones. `listensUnseen()` keeps a
// page awake that nobody sees.
export function startLive({
  replace,
  older = isOlder,
  swapped,
  pushed,
  signalled,
  isShown,
  firstRead = () => 0,
  readAfter,
  listensUnseen,
}) {
  if (replace) mayReplace = replace
  if (swapped) onSwapped = swapped
  if (listensUnseen) listens = listensUnseen
  isLate = older
  const over = document.querySelector('[data-every]')
  if (isPushed) {
    restsAfterNews = !!readAfter
    readEvery = everyWithPush = readAfter || EVERY_WITH_PUSH
  } else if (over) {
    readEvery = over.dataset.every * 1000
    everMoreRarely = true
  }
  const body = document.body
  heard()
  let opened = false
  const create = htmx.createEventSource
  htmx.createEventSource = url => {
    connection = create(url)
    connection.onfull = () => readsInstead(jittered(EVERY_WHEN_FULL))
    connection.onover = () => readsInstead(EVERY_WITHOUT_PUSH, true)
    if (isUnseen()) rest()
    return connection
  }

  addEventListener(
    'pointerdown',
    () => {
      pressing = true
    },
    true,
  )
  for (const end of ['pointerup', 'pointercancel']) {
    addEventListener(
      end,
      () =>
        setTimeout(() => {
          pressing = false
        }, 50),
      true,
    )
  }

  body.addEventListener('htmx:sseOpen', () => {
    connected()
    const wait = opened || unread.size ? 0 : firstRead()
    opened = true
    if (!wait) return readAll()
    const since = heardAt
    if (wait < Infinity) setTimeout(() => heardAt === since && readAll(), wait)
  })
  body.addEventListener('htmx:sseError', lost)
  addEventListener('offline', lost)
  addEventListener('online', () => {
    reconnect()
    readAll()
  })
  addEventListener('pageshow', event => event.persisted && wake())
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) wake()
    else if (isUnseen()) rest()
  })
  body.addEventListener('elapsed', event => {
    const { until } = event.target.querySelector('[data-until]').dataset
    // Again only while what is over still shows: a TV does this every ten seconds all day.
    const shows = () => document.querySelector(`[data-elapsed] [data-until="${until}"]`)
    for (const wait of [300, 1500, 4000]) {
      setTimeout(() => shows() && read(event.detail), wait + Math.random() * 200)
    }
  })
  readInTime()

  body.addEventListener('htmx:sseBeforeMessage', event => {
    const feed = event.target
    heard()
    if (feed.dataset.signal) {
      event.preventDefault()
      const note = inert(event.detail.data, event.detail.type.replace('_', '-'))
      if (signalled && note && note.dataset.note) signalled(note.dataset.note)
      if (isShown && note && isShown(note)) return
      setTimeout(read, Number(feed.dataset.wait || 0), feed.dataset.signal)
      return
    }
    const id = feed.getAttribute('hx-target').slice(1)
    const fresh = inert(event.detail.data, id)
    const shown = byId(id)
    if (!fresh || !shown) {
      event.preventDefault()
      readAll()
      return
    }
    if (isOlder(fresh, shown)) {
      event.preventDefault()
      // Late, or the bar knows less than it did: a read tells which.
      if (fresh.dataset.at - shown.dataset.at > 0) readAll()
      return
    }
    replacedBy.set(feed, shown)
  })
  body.addEventListener('htmx:sseMessage', event => {
    const before = replacedBy.get(event.target)
    if (!before) return
    // What is being read now may be older than this.
    for (const id in doubted) delete doubted[id]
    settled(before.id, before)
    if (pushed) pushed(byId(before.id), before)
  })

  if (isPushed && !isUnseen()) lost()
}
