"""Watches the threads that the bar needs: when one of them ends, the process ends.

A process that has lost such a thread would still answer requests, and nobody would notice that
orders no longer move. The launcher restarts a web process within two seconds.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable

EXIT_CODE = 70
"""The exit code of the process when a watched thread has ended."""

log = logging.getLogger(__name__)


class Watched:
    """The watched threads of one process.

    end_process: takes the exit code and does not return.
    """

    def __init__(self, end_process: Callable[[int], None] = os._exit) -> None:
        self._end_process = end_process
        self._is_stopping = threading.Event()

    def start(self, name: str, run: Callable[[], None]) -> None:
        """Runs the function in a thread of its own."""
        threading.Thread(target=self.carry, args=(name, run), name=name, daemon=True).start()

    def carry(self, name: str, run: Callable[[], None]) -> None:
        """Runs the function in this thread. The process ends if it returns before `stop`."""
        try:
            run()
        except BaseException:
            if not self._is_stopping.is_set():
                log.critical("%s has ended; the process ends, too", name, exc_info=True)
        else:
            if not self._is_stopping.is_set():
                log.critical("%s has ended without a word; the process ends, too", name)
        if not self._is_stopping.is_set():
            self._end_process(EXIT_CODE)

    def stop(self) -> None:
        """Allows the threads to end from now on."""
        self._is_stopping.set()
