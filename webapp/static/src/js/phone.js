// The pages before an order and after a refusal: plain forms and a countdown.
import { each, everySecond, startClock } from './clock.js'
import { startSureForms } from './sure.js'
import { startTaps } from './taps.js'

// Enables a button when its time has come, and hides the words that told people to wait.
everySecond(now => {
  each('[data-comes]', button => {
    button.disabled = now < button.dataset.comes
    if (!button.disabled) delete button.dataset.comes
  })
  each('[data-goes]', words => {
    words.hidden = now >= words.dataset.goes
  })
})

// An error page goes on when the bar answers with another status. It asks by fetch first, because a
// browser that reached no bar at all would stay on its own error page.
function goOn({ goOn: address = '', seconds, status }) {
  setTimeout(
    async () => {
      try {
        const answer = await fetch(address, { redirect: 'manual' })
        if (answer.status !== Number(status)) {
          // A file cannot replace this page, so the browser goes back to the page that asked for
          // the file.
          if (answer.headers.get('Content-Disposition')) history.back()
          else location.replace(address || location.href)
          return
        }
      } catch {
        /* The bar cannot be reached, so the page asks again. */
      }
      goOn({ goOn: address, seconds, status })
    },
    seconds * (800 + Math.random() * 400),
  )
}
each('[data-go-on]', ({ dataset }) => goOn(dataset))

// Removes the QR code's secret from the address bar at once, so that nobody copies or reloads it.
const own = document.querySelector('link[rel="canonical"]')
if (own) history.replaceState(null, '', own.href)

startClock()
startTaps()
startSureForms()
