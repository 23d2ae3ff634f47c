// Markup may be swapped in, as htmx does; text never becomes a script or a script's address.
if (window.trustedTypes) trustedTypes.createPolicy('default', { createHTML: html => html })

// No eval, no styles of its own, no history: our Content-Security-Policy and our pages need none.
Object.assign(htmx.config, {
  allowEval: false,
  includeIndicatorStyles: false,
  // Without style: htmx would write it as an attribute, which the page's policy forbids.
  attributesToSettle: ['class', 'width', 'height'],
  selfRequestsOnly: true,
  historyCacheSize: 0,
  reportValidityOfForms: true,
  timeout: 12000,
  responseHandling: [
    { code: '204', swap: false },
    { code: '[234]..', swap: true },
    { code: '...', swap: false, error: true },
  ],
})
