// What htmx sends and gets back: once per tap, and only what belongs there is shown.
import { loadAgain, parse, readAll, settled } from './live.js'
import { begin, end, sending, toast, words } from './taps.js'

function wordsOf(xhr) {
  const line = parse(xhr.responseText, 'toast')
  return line && line.textContent.trim()
}

export function startHtmxTaps() {
  const body = document.body
  // Where the bar cannot look up what a shop speaks, its answer still fits the page.
  body.addEventListener('htmx:configRequest', ({ detail: { headers } }) => {
    headers['Accept-Language'] = document.documentElement.lang
  })
  body.addEventListener('htmx:beforeRequest', event => {
    if (sending.has(event.detail.elt)) return event.preventDefault()
    const { elt, requestConfig } = event.detail
    begin(elt, requestConfig.triggeringEvent && requestConfig.triggeringEvent.submitter)
  })
  // The form itself: after the swap, `detail.elt` may be what holds its place.
  body.addEventListener('htmx:afterRequest', event => end(event.detail.requestConfig.elt))

  // Only the thing itself may take the place of what is shown: an error page never does.
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
    // Whether it was done or not, and whether there is still something to press: the page shows it.
    readAll()
  })
}
