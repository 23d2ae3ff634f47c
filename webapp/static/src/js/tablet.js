import './htmx-config.js'
import { startAges } from './ages.js'
import { boardNote, boardSwapped, isOnBoard, startBoard } from './board.js'
import { isHeard, startChime } from './chime.js'
import { everySecond, startClock, wallClock, write } from './clock.js'
import { startHtmxTaps } from './htmx-taps.js'
import { startLive } from './live.js'
import { startTaps } from './taps.js'
import { stayAwake } from './wake.js'

startTaps()
startHtmxTaps()
startAges()
const wall = document.getElementById('wall')
if (wall) {
  everySecond(now => write(wall, wallClock(now)))
  startBoard()
  startChime()
  stayAwake()
}
startClock()
startLive({
  swapped: (root, before) => root.id === 'barista-board' && boardSwapped(root, before),
  signalled: boardNote,
  isShown: isOnBoard,
  // A new order rings even in a tab that nobody sees, so that tab keeps listening.
  listensUnseen: isHeard,
})
