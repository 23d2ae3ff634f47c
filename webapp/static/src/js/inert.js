// A pushed fragment may hold only what can be looked at, and no links, buttons or scripts. So even
// an attacker who could publish a fragment could not press a button. tests/fragment_rules.py has
// the same list.
const WORDS = 'b bdi div h1 h2 hr i li ol output p progress section small span'
const DRAWINGS = 'circle ellipse g line path rect svg use'
export const TAGS = new Set(`${WORDS} ${DRAWINGS}`.split(' '))
const NAMES = [
  'aria-(current|hidden|label|labelledby)',
  'class|hidden|id|lang|max|value',
  'data-(at|bar|buzz|elapsed|form|look|next|note|now|order|phase|say|since|state|tile|until)',
  'data-(version|window)',
  '[cr]?[xy][12]?|[dr]|fill|height|stroke(-line(cap|join)|-width)?|transform|viewBox|width',
]
export const ATTRIBUTES = new RegExp(`^(${NAMES.join('|')})$`)

const isInert = ({ localName, attributes }) =>
  TAGS.has(localName) &&
  [...attributes].every(({ name, value }) =>
    name === 'href' ? value[0] === '#' : ATTRIBUTES.test(name),
  )

// Returns the element with this id if the text holds nothing else and the element is inert.
export function inert(text, id) {
  const page = new DOMParser().parseFromString(text, 'text/html')
  const [html, head, body, root, ...within] = page.querySelectorAll('*')
  const isAlone =
    root &&
    root.id === id &&
    root.parentNode === body &&
    within.every(one => root.contains(one)) &&
    ![html, head, body].some(one => one.attributes.length)
  return isAlone && [root, ...within].every(isInert) ? root : null
}
