// Sends a form until the bar has it, because the gateway refuses requests while the function is
// busy, and a phone loses some. The form is safe to send twice: the server carries it out only
// once.
const WAITS = [0, 600, 1200, 2500, 5000, 8000]
const WITHIN = 12000
const sleep = ms => new Promise(done => setTimeout(done, ms))

// The bar's own answer is a page. The gateway's refusal is not.
const isRefusedBefore = answer =>
  answer.status >= 500 ||
  (answer.status === 429 && !(answer.headers.get('Content-Type') || '').includes('html'))

async function nextPage(form) {
  for (const wait of WAITS) {
    await sleep(wait * (0.75 + Math.random() / 2))
    const giveUp = new AbortController()
    const timer = setTimeout(() => giveUp.abort(), WITHIN)
    try {
      const answer = await fetch(form.action, {
        method: 'POST',
        body: new URLSearchParams(new FormData(form)),
        headers: { 'HX-Request': 'true' },
        signal: giveUp.signal,
      })
      if (!isRefusedBefore(answer)) return answer.headers.get('HX-Redirect')
    } catch {
      // The request or its answer was lost, so the form is sent again.
    } finally {
      clearTimeout(timer)
    }
  }
}

export function startSureForms() {
  document.addEventListener('submit', async event => {
    const form = event.target
    if (event.defaultPrevented || !form.hasAttribute('data-sure') || !window.fetch) return
    event.preventDefault()
    const next = await nextPage(form)
    // Without an address, the browser sends the form itself and shows the answer.
    if (next) location.assign(next)
    else form.submit()
  })
}
