"""Names that the template gives and the function looks up."""

from __future__ import annotations

from domain.people import PERSON_ROLES


def parameter_name(prefix: str) -> str:
    """Where a deployment's function finds the ids of the customers' pool and its client."""
    return f"/{prefix.rstrip('-')}/customer-pool"


def staff_parameter_name(prefix: str) -> str:
    """Where it finds those of the staff's pool."""
    return f"/{prefix.rstrip('-')}/staff-pool"


WORKFLOW = "OrderWorkflow"
"""The state machine's logical id in the template."""
ROLE_GROUPS = PERSON_ROLES
"""The staff pool's groups of roles."""
EVERY_SHOP_GROUP = "every-shop"
