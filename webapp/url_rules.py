"""URL rules that cost little to have many of."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.routing import Rule


class LateRule(Rule):
    """Compiles the function that makes its addresses when the first of them is made.

    Werkzeug compiles two for each rule as it is added; a page makes addresses of a few rules.
    Finding the rule of a request is not changed.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_now = super()._compile_builder
        build: Callable[..., tuple[str, str]] | None = None

        def build_late(rule: Rule, /, **values: object) -> tuple[str, str]:
            nonlocal build
            if build is None:
                build = compile_now(append_unknown)
            return build(rule, **values)

        return build_late
