"""Ends an old Python with advice, and puts the project on the path. Commands import it first.

This file and the commands use only syntax of Python 3.6, so that an old Python gets this far.
"""

import os
import sys

if sys.version_info < (3, 11):
    sys.exit(
        f"Python 3.11 or newer is needed; this is {sys.version_info[0]}.{sys.version_info[1]}."
        f" Install a newer one, then run: python3.11 scripts/{os.path.basename(sys.argv[0])}"
    )

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
