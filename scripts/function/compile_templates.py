"""Compiles the templates to Python: python -m scripts.function.compile_templates FOLDER

Compiling them at the first page of a cold start takes longer than making that page.
"""

from __future__ import annotations

import sys

from webapp import create_app
from webapp.settings import Settings


def main() -> None:
    # The templates do not depend on any setting; the app has the environment they are made for.
    app = create_app(Settings(secret_key="unused", public_url="http://localhost"))
    app.jinja_env.compile_templates(sys.argv[1], zip=None, ignore_errors=False)


if __name__ == "__main__":
    main()
