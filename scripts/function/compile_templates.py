"""Compiles the templates to Python: python -m scripts.function.compile_templates FOLDER

On the first page of a cold start, compiling the templates would take longer than rendering them.
"""

from __future__ import annotations

import sys

from webapp import create_app
from webapp.settings import Settings


def main() -> None:
    # The templates do not depend on any setting, but the app holds the environment they need.
    app = create_app(Settings(secret_key="unused", public_url="http://localhost"))
    app.jinja_env.compile_templates(sys.argv[1], zip=None, ignore_errors=False)


if __name__ == "__main__":
    main()
