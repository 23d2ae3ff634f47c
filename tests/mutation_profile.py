"""A pytest plugin for scripts/mutants: Hypothesis looks once, in the same way for each mutant."""

from __future__ import annotations

from hypothesis import Phase, settings

settings.register_profile(
    "mutants",
    phases=(Phase.explicit, Phase.generate),
    max_examples=40,
    database=None,
    deadline=None,
    derandomize=True,
)
settings.load_profile("mutants")
