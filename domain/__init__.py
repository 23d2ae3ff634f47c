"""The rules of the bar: plain values and functions, standard library only.

Nothing here knows HTTP, AWS or a clock; `now` is always an argument, an aware UTC datetime.
"""
