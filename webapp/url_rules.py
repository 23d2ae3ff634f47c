"""URL rules that are cheap to add, even if there are many."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.routing import Rule


class LateRule(Rule):
    """Compiles the function that makes a rule's addresses when the first address is made.

    Werkzeug compiles two functions for each rule when the rule is added, but a page makes addresses
    of only a few rules. Finding a request's rule works as before.
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
