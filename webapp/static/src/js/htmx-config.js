// htmx may swap in markup, but no text may become a script or a script's address.
if (window.trustedTypes) trustedTypes.createPolicy('default', { createHTML: html => html })

// htmx needs no eval, no own styles and no history here, and our Content-Security-Policy forbids
// the first two.
Object.assign(htmx.config, {
  allowEval: false,
  includeIndicatorStyles: false,
  // `style` is missing, because htmx would write it as an attribute, which the page's policy
  // forbids.
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
