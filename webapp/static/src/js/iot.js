// Reads a page's topics from IoT Core. For the SSE extension it is an EventSource, whose events
// arrive over MQTT 3.1.1 in a WebSocket. It only subscribes, with QoS 0. The page or its live
// address grants each connection for a while. Before that time is over, a new connection replaces
// it without a gap.
const KEEP_ALIVE = 120
// A request without an answer in time is given up and tried again, because on a bad Wi-Fi most
// hanging requests never end. A ping each half minute costs nothing.
const ANSWER_WITHIN = 8000
const PING_EVERY = 30000
const SHORTEST_WAIT = 500
const LONGEST_WAIT = 10000
const WAIT_WHEN_REFUSED = 60000
const REFUSALS = [401, 403, 404, 410]
const HANDED_MS = 40000
const [CONNACK, PUBLISH, SUBACK] = [2, 3, 9]
const decoder = new TextDecoder()

function string(text) {
  const bytes = new TextEncoder().encode(text)
  return [bytes.length >> 8, bytes.length & 255, ...bytes]
}

function packet(kind, body) {
  const size = []
  let rest = body.length
  do {
    size.push((rest % 128) + (rest > 127 ? 128 : 0))
    rest >>= 7
  } while (rest)
  return new Uint8Array([kind, ...size, ...body])
}

// Collects bytes into packets, because a packet need not end where a WebSocket message does.
function reader(take) {
  let bytes = []
  return data => {
    bytes = new Uint8Array([...bytes, ...new Uint8Array(data)])
    for (;;) {
      let size = 0,
        at = 1,
        scale = 1
      do {
        if (at >= bytes.length) return
        size += (bytes[at] & 127) * scale
        scale *= 128
      } while (bytes[at++] > 127)
      if (bytes.length < at + size) return
      take(bytes[0] >> 4, bytes.slice(at, at + size))
      bytes = bytes.slice(at + size)
    }
  }
}

// One MQTT connection, from its handshake on. It tells `told` once when it is `opened`, each
// message that it has `received`, and at most once that it is `lost`.
class Connection {
  constructor({ url, client_id, topic_filters }, told) {
    this.told = told
    this.isOpen = false
    this.socket = new WebSocket(url, 'mqtt')
    this.socket.binaryType = 'arraybuffer'
    this.socket.onopen = () =>
      this.send(0x10, string('MQTT'), 4, 2, 0, KEEP_ALIVE, string(client_id))
    this.socket.onclose = () => this.lose()
    const read = reader((kind, body) => {
      const isTaken = kind === CONNACK && !body[1]
      if (isTaken)
        this.send(
          0x82,
          0,
          1,
          topic_filters.flatMap(one => [...string(one), 0]),
        )
      else if (kind === SUBACK && !body.slice(2).some(Boolean)) this.open()
      else if (kind === PUBLISH) told.received(body)
      else if (kind === CONNACK || kind === SUBACK) this.lose()
    })
    this.socket.onmessage = ({ data }) => {
      if (this.isOpen) this.answered()
      read(data)
    }
    this.pings = setInterval(() => this.ask(), PING_EVERY)
    this.expectAnswer()
  }

  send(kind, ...body) {
    this.socket.send(packet(kind, body.flat()))
  }

  open() {
    this.isOpen = true
    this.answered()
    this.told.opened(this)
  }

  // A dead connection may not notice that it is dead, so the page can ask it.
  ask() {
    if (this.due || !this.isOpen) return
    this.send(0xc0)
    this.expectAnswer()
  }

  expectAnswer() {
    this.due = setTimeout(() => this.lose(), ANSWER_WITHIN)
  }

  answered() {
    clearTimeout(this.due)
    this.due = 0
  }

  lose() {
    this.end()
    this.told.lost(this)
  }

  end() {
    clearInterval(this.pings)
    this.answered()
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null
    this.socket.close()
  }
}

// The page of a new order holds its first grant, whose handshake must begin within a minute. A page
// that is older or comes out of a cache asks for a new grant.
function handed() {
  const holder = document.querySelector('[data-grant]')
  if (!holder) return null
  const { grant } = holder.dataset
  delete holder.dataset.grant
  return performance.now() < HANDED_MS ? JSON.parse(grant) : null
}

class IotSource extends EventTarget {
  constructor(url) {
    super()
    this.url = url
    this.readyState = EventSource.CONNECTING
    this.wait = SHORTEST_WAIT
    this.connect()
  }

  async connect() {
    if (this.attempt) this.attempt.abort()
    const attempt = new AbortController()
    this.attempt = attempt
    const timer = setTimeout(() => attempt.abort(), ANSWER_WITHIN)
    try {
      // The await delays the events, because the caller adds its listeners only after the
      // constructor.
      const grant = await handed()
      if (grant) return this.follow(grant)
      const answer = await fetch(this.url, { signal: attempt.signal })
      if (REFUSALS.includes(answer.status)) this.refused()
      else if (answer.ok) this.follow(await answer.json())
      else this.failed()
    } catch {
      if (attempt === this.attempt) this.failed()
    } finally {
      clearTimeout(timer)
    }
  }

  follow(grant) {
    if (this.readyState === EventSource.CLOSED) return
    this.drop('next')
    this.next = new Connection(grant, {
      opened: connection => this.opened(connection, grant.seconds),
      received: body => this.received(body),
      lost: connection => this.lost(connection),
    })
  }

  opened(connection, seconds) {
    this.drop('current')
    this.current = connection
    this.next = null
    this.wait = SHORTEST_WAIT
    this.later(seconds * (700 + Math.random() * 200))
    if (this.readyState === EventSource.OPEN) return
    this.readyState = EventSource.OPEN
    this.onopen(new Event('open'))
  }

  received(body) {
    const end = 2 + body[0] * 256 + body[1]
    const name = decoder.decode(body.slice(2, end)).split('/').pop()
    this.dispatchEvent(new MessageEvent(name, { data: decoder.decode(body.slice(end)) }))
  }

  lost(connection) {
    if (connection === this.next) this.next = null
    else this.current = null
    this.failed()
  }

  // The session has ended or may no longer read this. The page tries again later, because a proxy
  // on the way may have given this answer by mistake.
  refused() {
    this.drop('next')
    this.drop('current')
    this.failed(WAIT_WHEN_REFUSED)
  }

  // While the present connection still holds, only the renewal is tried again.
  failed(wait = this.wait) {
    if (this.readyState === EventSource.CLOSED) return
    this.later(wait * (0.5 + Math.random() / 2))
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT)
    if (this.current) return
    this.readyState = EventSource.CONNECTING
    this.onerror(new Event('error'))
  }

  later(milliseconds) {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.connect(), milliseconds)
  }

  // For a page that doubts its connection: it shows within seconds whether the connection is dead.
  ask() {
    if (this.current) this.current.ask()
  }

  // For a page whose network has changed: even a connection that seems to hold is replaced.
  renew() {
    this.readyState = EventSource.CONNECTING
    this.wait = SHORTEST_WAIT
    clearTimeout(this.timer)
    this.ask()
    this.connect()
  }

  drop(which) {
    if (this[which]) this[which].end()
    this[which] = null
  }

  close() {
    this.readyState = EventSource.CLOSED
    clearTimeout(this.timer)
    if (this.attempt) this.attempt.abort()
    this.drop('next')
    this.drop('current')
  }
}

htmx.createEventSource = url => new IotSource(url)
