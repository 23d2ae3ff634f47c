"""The checks of scripts/verify: a deployed bar is asked whether AWS behaves as we believe.

`docs/aws-beliefs.md` is the list of beliefs; `checks` has a function for each belief that can be
checked from outside. A check returns a sentence when the belief is right, and raises otherwise.
"""
