// The pages before an order and after a refusal: plain forms and a countdown.
import { startClock } from './clock.js'
import { startTaps } from './taps.js'

startClock()
startTaps()
