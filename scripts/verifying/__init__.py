"""What scripts/verify does: a bar in its account is asked whether AWS does what we believe it does.

`docs/aws-beliefs.md` is the list of beliefs; `checks` holds a function for each that can be checked
from outside. A check answers with a sentence when the belief is right and raises otherwise.
"""
