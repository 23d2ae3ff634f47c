"""Counts the figures of all shops anew from the orders' journeys.

This is harmless at any time, even while the bar is open and even twice, because what is already
counted is not counted again. Run it after the figures were lost, or when they look wrong.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

from scripts import options
from scripts.aws.advice import or_exit
from scripts.bar import Bar, chosen_bar


def main() -> None:
    chosen = options.parse_rebuild_metrics(sys.argv[1:])
    with or_exit():
        orders = rebuild_figures(chosen_bar(chosen))
    print(f"Counted {orders:,} orders from their journeys.")


def rebuild_figures(where: Bar) -> int:
    """Returns the number of orders whose figures were counted anew."""
    # PynamoDB reads these variables itself; on AWS the caller's own credentials are used.
    os.environ.update(where.environment)
    from webapp.services.past.rebuilding import rebuild
    from webapp.storage import tables
    from webapp.storage.past.journey_repository import JourneyRepository
    from webapp.storage.past.metric_repository import MetricRepository

    tables.use_prefix(where.prefix)
    return rebuild(MetricRepository(), JourneyRepository().all_events(), datetime.now(UTC))


if __name__ == "__main__":
    main()
