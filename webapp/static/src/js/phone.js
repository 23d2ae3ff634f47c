// The pages before an order and after a refusal: plain forms and a countdown.
import { each, everySecond, startClock } from './clock.js'
import { startSureForms } from './sure.js'
import { startTaps } from './taps.js'

// What has to wait comes when it is time, and its waiting words go.
everySecond(now => {
  each('[data-comes]', button => {
    button.disabled = now < button.dataset.comes
    if (!button.disabled) delete button.dataset.comes
  })
  each('[data-goes]', words => {
    words.hidden = now >= words.dataset.goes
  })
})

// A page that tells of a trouble goes on when the bar answers otherwise. It asks first: a browser
// that meets no bar at all would stay on a page of its own.
function goOn({ goOn: address = '', seconds, status }) {
  setTimeout(
    async () => {
      try {
        const answer = await fetch(address, { redirect: 'manual' })
        if (answer.status !== Number(status)) {
          // A file does not take this page's place: back to where it was asked for.
          if (answer.headers.get('Content-Disposition')) history.back()
          else location.replace(address || location.href)
          return
        }
      } catch {
        /* nobody is there: asked again */
      }
      goOn({ goOn: address, seconds, status })
    },
    seconds * (800 + Math.random() * 400),
  )
}
each('[data-go-on]', ({ dataset }) => goOn(dataset))

// The code leaves the address bar at once: what is copied from there, or loaded again, has none.
const own = document.querySelector('link[rel="canonical"]')
if (own) history.replaceState(null, '', own.href)

startClock()
startTaps()
startSureForms()
