// Keeps the page equal to the server's state. It takes pushed fragments if they are newer, reads
// after every (re)connect, and reads every few seconds while the push is dead.
import { each, say, serverNow, setClock, tick, wallClock, write } from './clock.js'
import { inert } from './inert.js'

const byId = id => document.getElementById(id)
const sleep = ms => new Promise(done => setTimeout(done, ms))
// Random waits keep the screens from asking at the same moment after a breakdown.
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
// The page of an order that is over reads more and more rarely, because little can still happen.
const MORE_RARELY = 1.25
const SETTLED_AFTER = 1000
// Answers of the bar that a later try would not change.
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

// An answer or a push may arrive late. The item's version decides, and then the time it was made.
export function isOlder(fresh, shown) {
  const versions = fresh.dataset.version - shown.dataset.version
  return versions < 0 || (versions === 0 && fresh.dataset.at - shown.dataset.at < 0)
}

export function settled(id, before) {
  const root = byId(id)
  if (!root) return
  // The shop's name, colour and logo stand all over the page, so a change of them needs a new page.
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

// After a crash the bar may have lost the last changes, so its answer looks late. If a read that
// began a while later still says the same, it shows how things are now, and the page takes it.
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

// Waits while a finger presses, so that nothing moves under it.
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

// Only the bar's own page has a toast. A proxy on the way may send the same status by mistake.
const isOurs = text => !!parse(text, 'toast')

// The session has ended or the page's subject is gone. The page itself then answers with the way
// on. It is loaded again at most once a minute, whatever it answers.
export function loadAgain() {
  const [page, at] = (sessionStorage.loadedAgain || '').split(' ')
  if (page === location.pathname && Date.now() - at < 60000) return
  sessionStorage.loadedAgain = `${location.pathname} ${Date.now()}`
  location.reload()
}

// Keeps what is shown. If the push still lives (the session has ended, or one read was lost), the
// banner comes only when the next try fails too.
function missed(id) {
  unread.add(id)
  // A page that lost an answer may have lost the push without noticing.
  askConnection()
  pollWait = Math.min(pollWait * 1.6, LONGEST_POLL)
  if (!alive || pollTimer) return
  setTimeout(show, QUIET_BEFORE_BANNER)
  pollTimer = setTimeout(poll, jittered(FIRST_RETRY))
}

// Returns whether nothing is pushed to this page any more, because its order is over.
export const readsRarely = () => everMoreRarely

export function readAll() {
  each('[data-read]', source => read(source.dataset.read))
}

// Reads from time to time even with a push, in case a push was lost.
function readInTime() {
  clearTimeout(nextRead)
  nextRead = setTimeout(() => {
    if (!isUnseen()) readAll()
    if (everMoreRarely) readEvery = Math.min(readEvery * MORE_RARELY, SELDOM)
    readInTime()
  }, readEvery)
}

// The bar has no stream for this page, or its stream has ended. The page reads instead and shows no
// banner, because reading is as good.
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

// Without a push, an answered read is the only sign of a connection.
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

// A page that nobody sees closes its stream. When it is seen again, it reads at once.
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

// After a change of network the old connection may be dead without noticing. Closing it and firing
// its error makes the SSE extension open a new one.
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

// Starts the live updates. `replace(fresh, shown)` may refuse a swap, and `older(fresh, shown)`
// says whether an answer is late. `swapped(root, before)` follows every swap, `pushed(root,
// before)` every pushed one, and `signalled(words)` a signal with a note. `isShown(signal)` may
// save the read after a signal. `firstRead()` gives the milliseconds from the first connection to a
// read, which is left out if a push comes before; each later connection reads at once. The page
// also reads each minute, or, with `readAfter`, that many milliseconds after the last news.
// `listensUnseen()` says whether the page keeps listening while nobody sees it.
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
    // It reads again only while the elapsed time is still shown, because a TV comes here every ten
    // seconds all day.
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
      // The push is late, or the bar has lost its last changes. A read shows which.
      if (fresh.dataset.at - shown.dataset.at > 0) readAll()
      return
    }
    replacedBy.set(feed, shown)
  })
  body.addEventListener('htmx:sseMessage', event => {
    const before = replacedBy.get(event.target)
    if (!before) return
    // A read that is under way may be older than this push.
    for (const id in doubted) delete doubted[id]
    settled(before.id, before)
    if (pushed) pushed(byId(before.id), before)
  })

  if (isPushed && !isUnseen()) lost()
}
