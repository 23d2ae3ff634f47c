// Reads a page's topics from the bar itself. For the SSE extension it is one EventSource. It holds
// a stream only while the page is seen and the bar has room, because over plain HTTP a browser
// opens only six connections to a host, for all its tabs, and buttons need some of them.
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
    // The promise delays the events, because the caller adds its listeners only after the
    // constructor.
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
    // An open connection does not mean a stream: the bar's first event says whether it has room.
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

  // This code tries again instead of the browser, so that not all screens of a restarted bar ask at
  // the same moment.
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

  // For a page that is seen again.
  wake() {
    if (!this.isResting) return
    this.isResting = false
    this.connect()
  }

  // For a page whose network has changed: a connection that seems to hold may be dead.
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
