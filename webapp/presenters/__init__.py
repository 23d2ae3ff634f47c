"""Turns domain values into what a template, a device or a file shows: one module for each screen.

Presenters write the wordings. Customers and the TV read them in the current locale
(webapp/words.py). A view is a dict without addresses; routes add those.
"""
