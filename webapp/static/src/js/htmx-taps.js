// htmx sends each tap once, and shows an answer only where it belongs.
import { loadAgain, parse, readAll, settled } from './live.js'
import { begin, end, sending, toast, words } from './taps.js'

function wordsOf(xhr) {
  const line = parse(xhr.responseText, 'toast')
  return line && line.textContent.trim()
}

export function startHtmxTaps() {
  const body = document.body
  // When the bar cannot read a shop's languages, its answer still fits the page's language.
  body.addEventListener('htmx:configRequest', ({ detail: { headers } }) => {
    headers['Accept-Language'] = document.documentElement.lang
  })
  body.addEventListener('htmx:beforeRequest', event => {
    if (sending.has(event.detail.elt)) return event.preventDefault()
    const { elt, requestConfig } = event.detail
    begin(elt, requestConfig.triggeringEvent && requestConfig.triggeringEvent.submitter)
  })
  // The form comes from requestConfig, because after the swap `detail.elt` may be its replacement.
  body.addEventListener('htmx:afterRequest', event => end(event.detail.requestConfig.elt))

  // Only a new version of the shown element may replace it, and never an error page.
  body.addEventListener('htmx:beforeSwap', event => {
    const { target, xhr, shouldSwap } = event.detail
    if (xhr.status === 401) loadAgain()
    const expected = target.dataset.expect || (target.dataset.version && target.id)
    if (!shouldSwap || !expected) return
    if (expected.split(' ').some(id => parse(xhr.responseText, id))) return
    event.detail.shouldSwap = false
    toast(wordsOf(xhr) || words('failed'))
    readAll()
  })
  body.addEventListener('htmx:afterSwap', event => {
    const { target } = event.detail
    if (target && target.dataset.version) settled(target.id, target)
  })
  body.addEventListener('htmx:oobAfterSwap', event => {
    const { target } = event.detail
    if (target.id === 'toast') toast(document.getElementById('toast').textContent)
  })

  const failed = () => {
    toast(words('unsent'))
    readAll()
  }
  for (const name of ['htmx:sendError', 'htmx:timeout']) body.addEventListener(name, failed)
  body.addEventListener('htmx:responseError', event => {
    toast(wordsOf(event.detail.xhr) || words('failed'))
    // The order may or may not have been moved. The page shows how it is now, and what can be
    // pressed.
    readAll()
  })
}
