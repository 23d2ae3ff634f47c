// What htmx sends and gets back: once per tap, and only what belongs there is shown.
import { parse, readAll, settled } from './live.js'
import { begin, end, sending, toast } from './taps.js'

function wordsOf(xhr) {
  const words = parse(xhr.responseText, 'toast')
  return words && words.textContent.trim()
}

export function startHtmxTaps() {
  const body = document.body
  body.addEventListener('htmx:beforeRequest', event => {
    if (sending.has(event.detail.elt)) return event.preventDefault()
    begin(event.detail.elt)
  })
  // The form itself: after the swap, `detail.elt` may be what holds its place.
  body.addEventListener('htmx:afterRequest', event => end(event.detail.requestConfig.elt))

  // Only the thing itself may take the place of what is shown: an error page never does.
  body.addEventListener('htmx:beforeSwap', event => {
    const { target, xhr, shouldSwap } = event.detail
    const expected = target.dataset.expect || (target.dataset.version && target.id)
    if (!shouldSwap || !expected) return
    if (expected.split(' ').some(id => parse(xhr.responseText, id))) return
    event.detail.shouldSwap = false
    toast(wordsOf(xhr) || 'That did not work. Please try again.')
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
    toast('That did not reach the bar. Please try again.')
    readAll()
  }
  for (const name of ['htmx:sendError', 'htmx:timeout']) body.addEventListener(name, failed)
  body.addEventListener('htmx:responseError', event => {
    toast(wordsOf(event.detail.xhr) || 'Something went wrong at the bar. Please try again.')
  })
}
