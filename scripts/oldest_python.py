"""Stops an old Python with a line of advice, and finds the project. Commands import it first.

Only syntax of Python 3.6 here and in the commands, or an old Python would not get this far.
"""

import os
import sys

if sys.version_info < (3, 11):
    sys.exit(
        f"Python 3.11 or newer is needed; this is {sys.version_info[0]}.{sys.version_info[1]}."
        f" Install a newer one, then run: python3.11 scripts/{os.path.basename(sys.argv[0])}"
    )

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
