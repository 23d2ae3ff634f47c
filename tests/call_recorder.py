"""Runs a module as “python -m” would, and writes down which calls of AWS it makes.

python tests/call_recorder.py FILE MODULE ARGUMENT…
"""

from __future__ import annotations

import runpy
import sys

from botocore.client import BaseClient

_call = BaseClient._make_api_call


def main() -> None:
    file, module, *arguments = sys.argv[1:]

    def recording(self, operation: str, parameters: dict) -> dict:
        with open(file, "a") as log:
            log.write(f"{self.meta.service_model.service_name}:{operation}\n")
        return _call(self, operation, parameters)

    BaseClient._make_api_call = recording
    # The folder of this file would come first in the path, before that of the clone.
    sys.path.pop(0)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
