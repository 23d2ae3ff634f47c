"""What scripts/zappa becomes once the environment is set up: Zappa's own command line.

What goes wrong with AWS is one line here that says what to do, in place of Zappa's traceback.
"""

from __future__ import annotations

import sys

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


if __name__ == "__main__":
    main()
