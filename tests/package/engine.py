"""Stands in for docker, so that scripts/image runs whole where no engine is.

`build` follows the Dockerfile (dockerfile.py) into the folder ENGINE_FOLDER; there `calls.jsonl`
keeps what was asked, and `image.json` what came out.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.package import dockerfile


def main() -> None:
    folder = Path(os.environ["ENGINE_FOLDER"])
    typed = sys.stdin.read() if "--password-stdin" in sys.argv else ""
    with open(folder / "calls.jsonl", "a") as calls:
        calls.write(json.dumps({"asked": sys.argv[1:], "typed": typed}) + "\n")
    if sys.argv[1] == "build":
        image = dockerfile.follow(Path(sys.argv[-1]), folder / "stages", Path(sys.executable))
        made = {
            "task": str(image.path(dockerfile.TASK_ROOT)),
            "user": image.user,
            "command": image.command,
        }
        (folder / "image.json").write_text(json.dumps(made))


if __name__ == "__main__":
    main()
