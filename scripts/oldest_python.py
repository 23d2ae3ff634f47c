"""Stops an old Python with a line of advice, and finds the project. Commands import it first.

Only syntax of Python 3.6 here and in the commands, or an old Python would not get this far.
"""

import os
import sys

if sys.version_info < (3, 11):
    sys.exit(
        "Python 3.11 or newer is needed; this is %d.%d. Install a newer one, then run:"
        " python3.11 scripts/%s" % (sys.version_info[:2] + (os.path.basename(sys.argv[0]),))
    )

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
