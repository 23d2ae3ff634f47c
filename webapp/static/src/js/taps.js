// Answers a tap at once, sends it once, and says so when it failed.
const SAY_SENDING_AFTER = 400
export const sending = new Map()
let toastTimer

// Each page holds these words in its own language. Only the tablet's English ones stand here.
const WORDS = {
  sending: 'Sending…',
  offline: 'There is no connection, so nothing was sent. Please try again.',
  failed: 'That did not work. Please try again.',
  unsent: 'That did not reach the bar. Please try again.',
}
export const words = name => document.documentElement.dataset[name] || WORDS[name]

export function toast(text, seconds = Math.max(6, text.length / 12)) {
  document.getElementById('toast').textContent = text
  toastInDialog(text)
  clearTimeout(toastTimer)
  if (text) toastTimer = setTimeout(toast, seconds * 1000, '')
}

// An open dialog covers everything else, and words outside it are neither seen nor read out.
function toastInDialog(text) {
  document.querySelectorAll('dialog .toast').forEach(line => line.remove())
  const dialog = text && document.querySelector('dialog[open]')
  if (!dialog) return
  const line = document.createElement('p')
  line.className = 'toast'
  line.setAttribute('role', 'alert')
  line.textContent = text
  dialog.append(line)
}

const buttonOf = form =>
  (form.id && document.querySelector(`button[form="${form.id}"]`)) ||
  form.querySelector('button:not([type="button"])')

// The pressed button shows that it is sending. It is not disabled, so that it keeps the focus; the
// map `sending` alone stops a second tap.
export function begin(form, pressed) {
  const button = pressed || (form.matches('form') && buttonOf(form))
  const before = button && [...button.childNodes]
  const timer = setTimeout(() => {
    if (!button) return
    button.style.minWidth = button.offsetWidth + 'px'
    button.replaceChildren(button.offsetWidth > 90 ? words('sending') : '…')
    button.setAttribute('aria-disabled', 'true')
  }, SAY_SENDING_AFTER)
  sending.set(form, () => {
    clearTimeout(timer)
    if (button && button.hasAttribute('aria-disabled')) {
      button.removeAttribute('aria-disabled')
      button.style.minWidth = ''
      button.replaceChildren(...before)
    }
    sending.delete(form)
  })
}

export const end = form => sending.has(form) && sending.get(form)()

export function startTaps() {
  // These forms work without htmx, so the browser itself goes to the next page.
  document.addEventListener('submit', event => {
    const form = event.target
    if (form.hasAttribute('hx-post') || form.method === 'dialog') return
    if (sending.has(form)) return event.preventDefault()
    if (navigator.onLine === false) {
      event.preventDefault()
      return toast(words('offline'))
    }
    begin(form, event.submitter)
  })
  addEventListener('pageshow', () => sending.forEach(stop => stop()))
}
