"""Runs a module that must not outlive its parent: `python -m scripts.local.guarded MODULE …`

The parent holds the other end of standard input. When it closes, however the parent ended, this
process stops in the ordinary way, so that nothing outlives a launcher that was killed. It may open
as many connections as the machine allows, which is often more than a shell allows. Its output goes
to a log in the data folder, so writing that the disk is full must not fail.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading

from scripts.machine import raise_descriptor_limit, write_on_whatever_happens


def _stop_with_parent() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    raise_descriptor_limit()
    write_on_whatever_happens()
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
