// The menu form: shows only the option groups that suit the drink, and the choice in words.
import { each, write } from './clock.js'
import { toast } from './taps.js'

// A name within a sentence has small letters in English but not, for example, in German.
const asSaid = name => (document.documentElement.lang === 'en' ? name.toLowerCase() : name)

export function showChoice() {
  const form = document.getElementById('menu')
  if (!form) return
  const drink = form.querySelector('[name=drink]:checked')
  const groups = drink && drink.dataset.groups.split(' ')
  const differences = []
  each(
    '[data-group]',
    fieldset => {
      const suits = !groups || groups.includes(fieldset.dataset.group)
      fieldset.hidden = fieldset.disabled = !suits
      const chosen = suits && fieldset.querySelector(':checked:not([data-default])')
      if (chosen) differences.push(asSaid(chosen.nextElementSibling.textContent))
    },
    form,
  )
  const choice = document.getElementById('choice')
  if (!drink) {
    write(choice.firstElementChild, form.dataset.unchosen)
    write(choice.lastElementChild, '')
    return
  }
  write(choice.firstElementChild, document.getElementById('n-' + drink.value).textContent)
  write(choice.lastElementChild, differences.join(form.dataset.list) || form.dataset.plain)
}

const find = (form, name, value) =>
  form.querySelector(`[name="${CSS.escape(name)}"][value="${CSS.escape(value)}"]`)
const nameOf = input => input.closest('label').querySelector('b').textContent

// The bar has changed its menu while the form is open. The tiles are renewed, but the form and its
// choices stay. A toast names a choice that has sold out, which the server would refuse.
export function renewMenu(fresh) {
  const form = document.getElementById('menu')
  const now = fresh.querySelector('#menu')
  if (!form || !now || form.dataset.menu === now.dataset.menu) return
  const focused = form.contains(document.activeElement) && document.activeElement
  let gone = ''
  each(
    'input:checked',
    input => {
      const same = find(now, input.name, input.value)
      if (same && !same.disabled) same.checked = true
      else if (input.name === 'drink' || !input.closest('fieldset').hidden) gone = nameOf(input)
    },
    form,
  )
  form.querySelector('.drinks').replaceWith(now.querySelector('.drinks'))
  each('[data-group], .allergens', part => part.remove(), form)
  form.append(...now.querySelectorAll('[data-group], .allergens'))
  form.dataset.menu = now.dataset.menu
  const again = focused && find(form, focused.name, focused.value)
  if (again) again.focus({ preventScroll: true })
  showChoice()
  if (!gone) return
  toast(form.dataset.gone.replace('{drink}', () => gone))
}

export function startMenu() {
  document.addEventListener('change', event => {
    if (event.target.name === 'drink') toast('')
    showChoice()
  })
  // A toast in our words replaces the browser's bubble, which would cover the drinks.
  document.addEventListener(
    'invalid',
    event => {
      if (event.target.name !== 'drink') return
      event.preventDefault()
      toast(document.getElementById('menu').dataset.first)
    },
    true,
  )
  showChoice()
}
