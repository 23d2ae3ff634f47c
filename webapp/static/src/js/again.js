// Asks again for a file that did not arrive, because browsers ask only once and the gateway refuses
// some requests while the function is busy. The page holds this script before the files that it
// watches.
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

// htmx starts at once when the page is parsed, as it is by now. But the rest of its file still has
// to run: its extension, its settings, and the policy for swapped markup. So htmx is told that the
// page is still loading until its file has run.
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
