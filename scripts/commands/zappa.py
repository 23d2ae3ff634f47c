"""Runs Zappa's own command line for scripts/zappa, once the environment is set up.

An error of AWS becomes one line that says what to do, in place of Zappa's traceback.
"""

from __future__ import annotations

import sys
from pathlib import Path

from zappa.cli import ZappaCLI

from scripts.aws.advice import or_exit


def main() -> None:
    sys.argv[0] = "scripts/zappa"
    cli = ZappaCLI()
    with or_exit(when_stopped="Stopped. Run the same command again to go on."):
        try:
            cli.handle()
        finally:
            cli.on_exit()
            if cli.command in ("deploy", "update"):
                _remove_what_it_packed(cli.lambda_name)


def _remove_what_it_packed(function: str) -> None:
    """Removes the package and the API's template that Zappa leaves behind after an interruption."""
    for pattern in ("-[0-9]*.zip", "-template-[0-9]*.json"):
        for file in Path().glob(function + pattern):
            file.unlink()


if __name__ == "__main__":
    main()
