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
  each('[data-goes]', words => { words.hidden = now >= words.dataset.goes })
})

// The code leaves the address bar at once: what is copied from there, or loaded again, has none.
const own = document.querySelector('link[rel="canonical"]')
if (own) history.replaceState(null, '', own.href)

startClock()
startTaps()
startSureForms()
