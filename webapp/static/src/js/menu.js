// The menu form: only the option groups that suit the drink, and the choice read back.
import { each, write } from './clock.js'
import { toast } from './taps.js'

export function showChoice() {
  const form = document.getElementById('menu')
  if (!form) return
  const drink = form.querySelector('[name=drink]:checked')
  const groups = drink && drink.dataset.groups.split(' ')
  const differences = []
  each('[data-group]', fieldset => {
    const suits = !groups || groups.includes(fieldset.dataset.group)
    fieldset.hidden = fieldset.disabled = !suits
    const chosen = suits && fieldset.querySelector(':checked:not([data-default])')
    if (chosen) differences.push(chosen.nextElementSibling.textContent.toLowerCase())
  }, form)
  const choice = document.getElementById('choice')
  if (!drink) return
  write(choice.firstElementChild, document.getElementById('n-' + drink.value).textContent)
  write(choice.lastElementChild, differences.join(', ') || 'as it comes')
}

export function startMenu() {
  document.addEventListener('change', event => {
    if (event.target.name === 'drink') toast('')
    showChoice()
  })
  // In our words and place, instead of the browser's bubble over the drinks.
  document.addEventListener('invalid', event => {
    if (event.target.name !== 'drink') return
    event.preventDefault()
    toast('Choose a drink first.')
  }, true)
  showChoice()
}
