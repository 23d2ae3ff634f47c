// A file that did not arrive is asked for again: browsers do not ask twice, and the gateway refuses
// some while the function is busy. Stands in the page, before what it looks after.
const MOST_TRIES = 7
const own = location.origin + '/'
const address = url => (url.startsWith(own) ? url : '')
const policy = window.trustedTypes
  ? trustedTypes.createPolicy('again', { createScriptURL: address })
  : { createScriptURL: address }

function ask(lost, tries) {
  const fresh = document.createElement(lost.localName)
  fresh.dataset.tries = tries
  if (lost.src) {
    waitForAllOf(fresh)
    fresh.src = policy.createScriptURL(lost.src)
  } else {
    fresh.rel = 'stylesheet'
    fresh.href = lost.href
  }
  lost.replaceWith(fresh)
}

// htmx begins as soon as the page is parsed, which it is by now, but the file it comes in goes on
// with what it needs: its extension, its settings, and the policy for what it swaps in.
function waitForAllOf(script) {
  const parsed = new Event('DOMContentLoaded')
  script.onerror = () => delete document.readyState
  script.onload = () => {
    delete document.readyState
    document.dispatchEvent(parsed)
  }
  Object.defineProperty(document, 'readyState', { value: 'loading', configurable: true })
}

function askOnceParsed(lost, tries) {
  if (document.readyState !== 'loading') return ask(lost, tries)
  document.addEventListener('DOMContentLoaded', () => ask(lost, tries), { once: true })
}

addEventListener(
  'error',
  ({ target }) => {
    if (!target.matches || !target.matches('script[src], link[rel="stylesheet"]')) return
    const tries = Number(target.dataset.tries || 0) + 1
    if (tries > MOST_TRIES) return
    const wait = Math.min(400 * 2 ** (tries - 1), 6400) * (0.75 + Math.random() / 2)
    setTimeout(askOnceParsed, wait, target, tries)
  },
  true,
)
