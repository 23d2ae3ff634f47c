"""Threads that carry the bar: when one of them ends, its process ends, and is started again.

A process that has lost one goes on answering, and nobody notices that no order moves any more. The
launcher starts a web process that has ended within two seconds.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable

EXIT_CODE = 70
"""The process's, when a thread that carries it has ended."""

log = logging.getLogger(__name__)


class Watched:
    """The threads of one process. end_process: takes the exit code and does not return."""

    def __init__(self, end_process: Callable[[int], None] = os._exit) -> None:
        self._end_process = end_process
        self._is_stopping = threading.Event()

    def start(self, name: str, run: Callable[[], None]) -> None:
        """Runs it in a thread of its own."""
        threading.Thread(target=self.carry, args=(name, run), name=name, daemon=True).start()

    def carry(self, name: str, run: Callable[[], None]) -> None:
        """Runs it in this thread; it has no business returning before `stop`."""
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
        """From now on they may end."""
        self._is_stopping.set()
