// Reads a page's feed from IoT Core: to the SSE extension it is an EventSource, whose events arrive
// over MQTT 3.1.1 in a WebSocket. It only subscribes, with QoS 0. Each connection is granted by the
// page or its live address for a while; before that is over, a new one takes over without a gap.
const KEEP_ALIVE = 120
const PING_EVERY = 30000
const LONGEST_WAIT = 30000
const REFUSED = [401, 403, 404, 410]
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
  do { size.push(rest % 128 + (rest > 127 ? 128 : 0)) } while ((rest >>= 7))
  return new Uint8Array([kind, ...size, ...body])
}

// Packets need not end where messages do.
function reader(take) {
  let bytes = []
  return data => {
    bytes = new Uint8Array([...bytes, ...new Uint8Array(data)])
    for (;;) {
      let size = 0, at = 1, scale = 1
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

// The page of a new order brings its first grant. A handshake may begin within a minute of it; a page
// that is older, or comes out of some cache, asks for a grant of its own.
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
    this.wait = 500
    this.connect()
  }

  async connect() {
    try {
      // Awaited, because whoever made this listens from the next moment on only.
      const grant = await handed()
      if (grant) return this.follow(grant)
      const answer = await fetch(this.url)
      if (this.readyState === EventSource.CLOSED) return
      if (REFUSED.includes(answer.status)) {
        // Not closed before it is told, so that the extension does not try again.
        this.onerror(new Event('error'))
        this.close()
      } else {
        this.follow(await answer.json())
      }
    } catch (error) {
      this.failed()
    }
  }

  follow({ url, client_id, topic_filters, seconds }) {
    if (this.readyState === EventSource.CLOSED) return
    this.drop(this.next)
    const socket = this.next = new WebSocket(url, 'mqtt')
    const send = (kind, ...body) => socket.send(packet(kind, body.flat()))
    const lost = () => { this.drop(socket); this.failed() }
    let quiet = 0
    socket.pings = setInterval(() => {
      if (quiet++ > 1) lost()
      else if (socket === this.current) send(0xC0)
    }, PING_EVERY)
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => send(0x10, string('MQTT'), 4, 2, 0, KEEP_ALIVE, string(client_id))
    socket.onclose = lost
    const read = reader((kind, body) => {
      if (kind === CONNACK && !body[1]) send(0x82, 0, 1, topic_filters.flatMap(one => [...string(one), 0]))
      else if (kind === SUBACK && !body.slice(2).some(Boolean)) this.opened(socket, seconds)
      else if (kind === PUBLISH) this.received(body)
      else if (kind === CONNACK || kind === SUBACK) lost()
    })
    socket.onmessage = ({ data }) => { quiet = 0; read(data) }
  }

  opened(socket, seconds) {
    this.drop(this.current)
    this.current = socket
    this.next = null
    this.wait = 500
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

  // While the connection before this one still holds, only the renewal is tried again.
  failed() {
    if (this.readyState === EventSource.CLOSED) return
    this.later(this.wait * (0.5 + Math.random()))
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT)
    if (this.current) return
    this.readyState = EventSource.CONNECTING
    this.onerror(new Event('error'))
  }

  later(milliseconds) {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.connect(), milliseconds)
  }

  drop(socket) {
    if (!socket) return
    clearInterval(socket.pings)
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
    if (socket === this.current) this.current = null
  }

  close() {
    this.readyState = EventSource.CLOSED
    clearTimeout(this.timer)
    this.drop(this.next)
    this.drop(this.current)
  }
}

htmx.createEventSource = url => new IotSource(url)
