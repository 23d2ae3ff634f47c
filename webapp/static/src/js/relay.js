// Reads a page's feed from the bar itself: to the SSE extension it is one EventSource. Beneath it
// there is a stream only while somebody looks at the page and the bar has one to give: over plain
// HTTP a browser opens six connections to a host, for all its tabs, and buttons need some of them.
const SHORTEST_WAIT = 1000
const LONGEST_WAIT = 10000
const ASK_AGAIN_WHEN_FULL = 20000
const { CONNECTING, OPEN, CLOSED } = EventSource

class RelaySource {
  constructor(url) {
    this.url = url
    this.readyState = CONNECTING
    this.wait = SHORTEST_WAIT
    this.listeners = []
    // Whoever made this listens from the next moment on only.
    Promise.resolve().then(() => this.connect())
  }

  addEventListener(...listener) {
    this.listeners.push(listener)
    if (this.stream) this.stream.addEventListener(...listener)
  }

  removeEventListener(name, act) {
    this.listeners = this.listeners.filter(one => one[0] !== name || one[1] !== act)
    if (this.stream) this.stream.removeEventListener(name, act)
  }

  connect() {
    this.drop()
    if (this.isResting || this.readyState === CLOSED) return
    const stream = new EventSource(this.url)
    this.stream = stream
    for (const listener of this.listeners) stream.addEventListener(...listener)
    // An open connection alone says nothing yet: the bar's first word is whether it has room.
    stream.addEventListener('begun', () => {
      this.wait = SHORTEST_WAIT
      this.readyState = OPEN
      this.onopen(new Event('open'))
    })
    stream.addEventListener('full', () => {
      this.wait = SHORTEST_WAIT
      this.readyState = CONNECTING
      this.drop()
      this.later(ASK_AGAIN_WHEN_FULL)
      this.onfull()
    })
    stream.addEventListener('over', () => {
      this.close()
      this.onover()
    })
    stream.onerror = () => this.failed()
  }

  // Each try is made here and not by the browser: all the screens of a bar that was started again
  // must not ask in the same moment.
  failed() {
    this.drop()
    this.readyState = CONNECTING
    this.later(this.wait)
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT)
    this.onerror(new Event('error'))
  }

  later(milliseconds) {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.connect(), milliseconds * (0.75 + Math.random() / 2))
  }

  // For a page that nobody sees.
  rest() {
    this.isResting = true
    this.drop()
  }

  // For one that is seen again.
  wake() {
    if (!this.isResting) return
    this.isResting = false
    this.connect()
  }

  // For a page whose network has changed: what still seems to hold may be dead.
  renew() {
    this.wait = SHORTEST_WAIT
    this.connect()
  }

  drop() {
    clearTimeout(this.timer)
    if (this.stream) this.stream.close()
    this.stream = null
  }

  close() {
    this.readyState = CLOSED
    this.drop()
  }
}

htmx.createEventSource = url => new RelaySource(url)
