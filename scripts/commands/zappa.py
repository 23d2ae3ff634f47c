"""What scripts/zappa becomes once the environment is set up: Zappa's own command line.

What goes wrong with AWS is one line here that says what to do, in place of Zappa's traceback.
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
    """Zappa forgets a package that is not finished, and the template of an API that is not."""
    for pattern in ("-[0-9]*.zip", "-template-[0-9]*.json"):
        for file in Path().glob(function + pattern):
            file.unlink()


if __name__ == "__main__":
    main()
