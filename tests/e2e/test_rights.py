"""What the function does and no screen of the other tests shows is allowed to it, too."""

from __future__ import annotations

import os
import subprocess
import sys

from scripts.environment import ROOT


def test_the_function_may_do_what_only_programs_admins_and_the_law_ask_of_it(stack):
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.rights_walk"],
        cwd=ROOT,
        env=os.environ | stack.function_environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
