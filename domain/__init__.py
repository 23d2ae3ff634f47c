"""The rules of the bar as plain values and functions that use the standard library only.

The domain knows no HTTP, no AWS and no clock, so `now` is always an argument: an aware UTC
datetime.
"""
