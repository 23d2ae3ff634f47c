// The barista's board: moved and new cards, the reasons dialog, and the undo in the tray.

import { chime } from './chime.js'
import { each, everySecond, write } from './clock.js'
import { parse } from './live.js'
import { toast } from './taps.js'

const GONE_AFTER = 5000
const UNDO_SECONDS = 10
const DONE = { make: 'is yours', complete: 'is ready', collect: 'is collected' }
const DRAWN = { make: 'making', complete: 'ready', collect: 'check' }
const SEVERAL_DONE = 'are yours'
const leaving = new Map()
let undo

const places = root =>
  new Map(
    [...root.querySelectorAll('[data-card]')].map(({ dataset }) => [dataset.card, dataset.place]),
  )

// The focus follows the card: after Make it goes to Complete, and after that to the next card.
function followFocus(before) {
  const lost = before.querySelector('[data-focused]')
  if (!lost || document.activeElement !== document.body) return
  const card = document.getElementById('order-' + lost.dataset.focused)
  const next =
    (card && card.querySelector('button')) ||
    document.querySelector('#waiting button') ||
    document.querySelector('#making button')
  if (next) next.focus({ preventScroll: true })
}

export function boardSwapped(root, before) {
  const was = places(before)
  const now = places(root)
  each(
    '[data-card]',
    card => {
      if (was.get(card.dataset.card) !== card.dataset.place) card.classList.add('pop')
    },
    root,
  )
  for (const [id, place] of now) {
    if (place === 'waiting' && !was.has(id)) {
      chime()
      break
    }
  }
  each(
    '[data-scroll]',
    column => {
      const old = before.querySelector(`#${column.id}`)
      if (old && old.dataset.top) column.scrollTop = old.dataset.top
    },
    root,
  )
  followFocus(before)
  keepLeaving()
}

// A card that the customer cancelled stays for five seconds, so that no card moves under a finger.
// The note that came with the signal says which card it is.
export function boardNote(words) {
  toast(words)
  const number = parseInt(words, 10)
  const card = document.querySelector(`[data-place="waiting"][data-number="${number}"]`)
  if (!card) return
  const stays = card.cloneNode(true)
  stays.dataset.place = 'gone'
  stays.classList.add('gone-card')
  stays.classList.remove('pop')
  stays.removeAttribute('id')
  each('form, .options, .remark', part => part.remove(), stays)
  const age = stays.querySelector('.age')
  age.removeAttribute('data-since')
  age.removeAttribute('data-shape')
  age.querySelector('use').setAttribute('href', '#s-cancelled')
  write(age.querySelector('bdi'), '')
  const remark = document.createElement('span')
  remark.className = 'remark'
  remark.textContent = words.replace(/^\d+ /, '')
  stays.querySelector('.what').append(remark)
  const at = [...card.parentNode.children].indexOf(card)
  leaving.set(card.dataset.card, { stays, at, until: Date.now() + GONE_AFTER })
}

// A tap's answer was the board itself, so the later signal about that order brings nothing new.
export function isOnBoard({ dataset: { order = '' } }) {
  if (!order || !document.getElementById('barista-board')) return false
  const [number, version] = order.split(' ')
  const card = document.querySelector(`#barista-board [data-card][data-number="${Number(number)}"]`)
  return card ? Number(card.dataset.version) >= Number(version) : version === 'left'
}

function keepLeaving() {
  for (const [id, { stays, at, until }] of leaving) {
    if (Date.now() >= until) {
      stays.remove()
      leaving.delete(id)
    } else if (!stays.isConnected && !document.getElementById('order-' + id)) {
      const column = document.getElementById('waiting-cards')
      column.insertBefore(stays, column.children[at] || null)
    }
  }
}

function showTray() {
  const tray = document.getElementById('tray')
  tray.hidden = !undo
  if (undo) {
    tray.querySelector('use').setAttribute('href', '#s-' + DRAWN[undo.done])
    write(tray.querySelector('[data-number]'), undo.number)
    const done = undo.id.includes(' ') ? SEVERAL_DONE : DONE[undo.done]
    write(tray.querySelector('[data-words]'), done)
    write(tray.querySelector('[data-seconds]'), undo.left + ' s')
  }
}

// When several orders were pressed at once, the undo is for those that the answer shows as mine.
function ofBatch(ids, xhr) {
  const board = parse(xhr.responseText, 'barista-board')
  const mine = ids
    .split(' ')
    .map(id => board && board.querySelector(`#order-${id}.mine`))
    .filter(Boolean)
    .map(card => card.dataset)
  if (!mine.length) return null
  return { id: mine.map(one => one.card).join(' '), number: mine.map(one => one.number).join(', ') }
}

function startTray() {
  document.body.addEventListener('htmx:afterRequest', event => {
    const form = event.detail.requestConfig.elt
    if (!form.dataset.undo || !event.detail.successful) return
    // A toast about an earlier tap must not cover the Undo of this one.
    if (!parse(event.detail.xhr.responseText, 'toast')) toast('')
    const { undo: ids, number, done } = form.dataset
    const isBatch = ids.includes(' ')
    undo = isBatch ? ofBatch(ids, event.detail.xhr) : { id: ids, number }
    if (undo) Object.assign(undo, { done, left: UNDO_SECONDS })
    showTray()
  })
  document.getElementById('undo').addEventListener('click', () => {
    const form = document.getElementById('undo-form')
    form.elements.order.value = undo.id
    form.elements.done.value = undo.done
    undo = null
    showTray()
    form.requestSubmit()
  })
  everySecond(() => {
    if (undo) undo.left -= 1
    if (undo && undo.left <= 0) undo = null
    showTray()
  })
}

// Shows only the option groups that suit the drink, so a drink without any needs only two taps.
function showOptions(form) {
  const drink = form.querySelector('[name=drink]:checked')
  const groups = drink ? drink.dataset.groups.split(' ') : []
  each(
    '[data-quick-group]',
    fieldset => {
      fieldset.hidden = fieldset.disabled = !groups.includes(fieldset.dataset.quickGroup)
    },
    form,
  )
}

// The answer may no longer hold the pressed button. Then its row's first button gets the focus.
function keepFocus(dialog, row) {
  if (!dialog.open || dialog.contains(document.activeElement)) return
  const next =
    dialog.querySelector(`#${CSS.escape(row)} button`) ||
    dialog.querySelector('a, button, input:not([type="hidden"])')
  if (next) next.focus()
}

function startDialog() {
  const dialog = document.getElementById('reasons-dialog')
  dialog.addEventListener('change', event => {
    if (event.target.name === 'drink') showOptions(event.target.form)
  })
  let row
  dialog.addEventListener('htmx:beforeRequest', event => {
    row = event.target.closest('[id]').id
  })
  document.body.addEventListener('htmx:afterSwap', event => {
    if (event.detail.target === dialog) {
      each('#walk-up', showOptions, dialog)
      if (!dialog.open) dialog.showModal()
    }
    if (dialog.contains(event.target)) keepFocus(dialog, row)
  })
  document.body.addEventListener('htmx:afterRequest', event => {
    const { requestConfig, target, xhr } = event.detail
    const done = dialog.contains(requestConfig.elt) && target.id === 'barista-board'
    // After a fault the order may not be done, so the dialog keeps what was typed.
    if (done && xhr.status && xhr.status < 500) dialog.close()
  })
  dialog.addEventListener('close', () => each('.toast', line => line.remove(), dialog))
  dialog.addEventListener('click', event => {
    if (event.target === dialog || event.target.closest('[data-keep]')) {
      event.preventDefault()
      dialog.close()
    }
  })
}

export function startBoard() {
  startTray()
  startDialog()
  everySecond(keepLeaving)
  document.addEventListener('focusin', event => {
    each('[data-focused]', element => element.removeAttribute('data-focused'))
    const card = event.target.closest('[data-card]')
    if (card) event.target.dataset.focused = card.dataset.card
  })
  document.addEventListener(
    'scroll',
    event => {
      const { dataset, scrollTop } = event.target
      if (dataset && 'scroll' in dataset) dataset.top = scrollTop
    },
    true,
  )
}
