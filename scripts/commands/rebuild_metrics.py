"""Counts the figures of all shops anew from the orders' journeys.

Harmless at any time, also while the bar is open and also twice: what is counted already is not
counted again. Run it after the figures were lost, or when they are not believed.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime

from scripts import bar
from scripts.bar import Bar
from scripts.machine import StackError


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/rebuild-metrics", description=__doc__)
    bar.add_options(parser)
    try:
        where = bar.chosen_bar(parser.parse_args())
    except StackError as error:
        sys.exit(str(error))
    orders = rebuild_figures(where)
    print(f"Counted {orders:,} orders from their journeys.")


def rebuild_figures(where: Bar) -> int:
    """The number of orders whose figures were made anew."""
    # PynamoDB reads these itself; on AWS the caller's own credentials are used.
    os.environ.update({**where.environment, "AWS_DEFAULT_REGION": where.region})
    from webapp.services.rebuild import rebuild
    from webapp.storage import tables
    from webapp.storage.journey_repository import JourneyRepository
    from webapp.storage.metric_repository import MetricRepository

    tables.use_prefix(where.prefix)
    return rebuild(MetricRepository(), JourneyRepository().all_events(), datetime.now(UTC))


if __name__ == "__main__":
    main()
