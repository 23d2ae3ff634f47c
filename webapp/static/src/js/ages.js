// Ages on the board and the TV: first a clock, from 2 minutes a triangle, from 5 an octagon.
import { each, everySecond, minutesSeconds, write } from './clock.js'

const STEPS = [
  [300, 'age5', 'over 5 minutes'],
  [120, 'age2', 'over 2 minutes'],
  [0, 'clock', ''],
]

export function startAges() {
  everySecond(now => {
    each('[data-since]', age => {
      const seconds = Math.max(0, Math.floor((now - age.dataset.since) / 1000))
      const minutes = Math.floor(seconds / 60)
      if (age.dataset.form === 'ready') {
        write(age.querySelector('bdi'), minutes ? minutes + ' min' : 'now')
        return
      }
      if (age.dataset.form === 'tv') {
        age.classList.toggle('new', !minutes)
        const { justNow, forMinutes } = document.documentElement.dataset
        write(age, minutes ? forMinutes.replace('{minutes}', minutes) : justNow)
        return
      }
      write(age.querySelector('bdi'), minutesSeconds(seconds))
      const [, shape, words] = STEPS.find(([from]) => seconds >= from)
      if (age.dataset.shape === shape) return
      age.dataset.shape = shape
      age.querySelector('use').setAttribute('href', '#s-' + shape)
      age.querySelector('.hidden').textContent = words
    })
  })
}
