"""From domain values to what a template, a device or a file shows: one module for each screen.

Texts are written here. What customers and the TV read is said in the language that is spoken
(webapp/words.py). A view is a dict without addresses; routes add those.
"""
