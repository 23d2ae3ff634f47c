"""Names that the template gives and the function looks up. Standard library only."""

from __future__ import annotations


def parameter_name(prefix: str) -> str:
    """Where a deployment's function finds the ids of the customers' pool and its client."""
    return f"/{prefix.rstrip('-')}/customer-pool"
