// A soft two-note chime for a new order, made by WebAudio. Browsers allow sound only after a tap.
const NOTES = [
  [880, 0],
  [1174.66, 0.16],
]
let audio
let wanted = true

try {
  wanted = localStorage.getItem('sound') !== 'off'
} catch {
  /* The browser's storage is switched off, so the choice is not kept. */
}

function show() {
  const button = document.getElementById('sound')
  const on = isHeard()
  button.querySelector('use').setAttribute('href', on ? '#s-sound' : '#s-mute')
  button.querySelector('span').textContent = on ? 'Sound on' : 'Sound off'
}

function unlock() {
  if (!audio) {
    audio = new (window.AudioContext || window.webkitAudioContext)()
    audio.addEventListener('statechange', show)
  }
  return audio.resume().then(show, show)
}

export const isHeard = () => !!(wanted && audio && audio.state === 'running')

export function chime() {
  if (!isHeard()) return
  for (const [pitch, after] of NOTES) {
    const start = audio.currentTime + after
    const tone = audio.createOscillator()
    const volume = audio.createGain()
    tone.type = 'sine'
    tone.frequency.value = pitch
    volume.gain.setValueAtTime(0, start)
    volume.gain.linearRampToValueAtTime(0.3, start + 0.02)
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.7)
    tone.connect(volume).connect(audio.destination)
    tone.start(start)
    tone.stop(start + 0.75)
  }
}

export function startChime() {
  if (!(window.AudioContext || window.webkitAudioContext)) return
  const button = document.getElementById('sound')
  button.hidden = false
  show()
  button.addEventListener('click', () => {
    wanted = !isHeard()
    try {
      localStorage.setItem('sound', wanted ? 'on' : 'off')
    } catch {
      /* The browser's storage is switched off, so the choice is not kept. */
    }
    unlock().then(() => {
      show()
      chime()
    })
  })
  // A tap anywhere but on the button itself allows the sound: the first tap, and the first one
  // after the browser has taken the sound away, for example while the tablet slept.
  addEventListener(
    'pointerdown',
    event => {
      if (wanted && !(audio && audio.state === 'running') && !button.contains(event.target))
        unlock()
    },
    true,
  )
}
