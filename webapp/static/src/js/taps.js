// A tap is answered at once, sent once, and says so when it failed.
const SAY_SENDING_AFTER = 400
export const sending = new Map()
let toastTimer

export function toast(words, seconds = 6) {
  const line = document.getElementById('toast')
  line.textContent = words
  clearTimeout(toastTimer)
  toastTimer = setTimeout(() => { document.getElementById('toast').textContent = '' }, seconds * 1000)
}

const buttonOf = form => (form.id && document.querySelector(`button[form="${form.id}"]`)) || form.querySelector('button:not([type="button"])')

export function begin(form) {
  const button = buttonOf(form)
  const words = button && [...button.childNodes]
  const timer = setTimeout(() => {
    if (!button) return
    button.style.minWidth = button.offsetWidth + 'px'
    button.replaceChildren(button.offsetWidth > 90 ? 'Sending…' : '…')
    button.disabled = true
  }, SAY_SENDING_AFTER)
  sending.set(form, () => {
    clearTimeout(timer)
    if (button && button.disabled) {
      button.disabled = false
      button.style.minWidth = ''
      button.replaceChildren(...words)
    }
    sending.delete(form)
  })
}

export const end = form => sending.has(form) && sending.get(form)()

export function startTaps() {
  // Forms without htmx: the browser goes to the next page by itself.
  document.addEventListener('submit', event => {
    const form = event.target
    if (form.hasAttribute('hx-post') || form.method === 'dialog') return
    if (sending.has(form)) return event.preventDefault()
    if (navigator.onLine === false) {
      event.preventDefault()
      return toast('There is no connection, so nothing was sent. Please try again.')
    }
    begin(form)
  })
  addEventListener('pageshow', () => sending.forEach(stop => stop()))
}
