"""What waits for a printer: printouts of an extension, kept in its own table.

A printout is added once, however often and in whatever order its events come; it waits until a
device has ticked it off, and is withdrawn when nobody needs it any more. Nothing here is of the
core: an extension gets it as `kit.printer`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.extension_kit.table import OwnTable

WAITS = timedelta(hours=1)
"""Nobody wants a label of an order that is older; a printer that comes back begins with these."""
_KEPT = timedelta(hours=4)
_MOST_PAGES = 5
_PAGE = 100


@dataclass(frozen=True)
class Printout:
    """Something to print.

    id: sorts by `made_at`. title: what people call it. values: what the extension draws it from.
    """

    id: str
    shop_id: str
    order_id: str
    title: str
    made_at: datetime
    values: Mapping
    is_printed: bool = False
    is_withdrawn: bool = False


class PrintQueue:
    """The printouts of one extension, over its own table.

    Each is an item of its own; beside it a pointer says that it waits, so that a printer which asks
    every few seconds reads next to nothing. A pointer that is left over is taken away by whoever
    meets it.
    """

    def __init__(self, table: OwnTable, now: Callable[[], datetime]):
        self._table = table
        self._now = now

    def add(
        self,
        shop_id: str,
        order_id: str,
        version: int,
        title: str,
        made_at: datetime,
        values: Mapping,
    ) -> None:
        """Has it printed, once: the same order and version again change nothing."""
        moment = made_at.astimezone(UTC).replace(microsecond=0)
        printout = Printout(
            f"{moment:%Y%m%dT%H%M%S}-{order_id}-{version}", shop_id, order_id, title, moment, values
        )
        if not self._table.add(shop_id, printout.id, _as_item(printout), self._ends_at):
            printout = self.get(shop_id, printout.id) or printout
        if not printout.is_printed:
            self._wait(printout)
        # After that: who withdraws leaves the mark before looking for what is there.
        if self._table.get(_withdrawn(shop_id), order_id) is not None:
            self.withdraw(shop_id, order_id)

    def withdraw(self, shop_id: str, order_id: str) -> None:
        """Takes an order's printouts out of the line, also those that are still to come."""
        self._table.put(_withdrawn(shop_id), order_id, {}, self._ends_at)
        for printout in self.waiting(shop_id):
            if printout.order_id == order_id:
                self._save(replace(printout, is_withdrawn=True))
                self._table.delete(_waiting(shop_id), printout.id)

    def waiting(self, shop_id: str) -> list[Printout]:
        """What is to be printed now, oldest first."""
        found = []
        for id in self._ids(_waiting(shop_id), WAITS):
            printout = self.get(shop_id, id)
            if printout is None or printout.is_printed or printout.is_withdrawn:
                self._table.delete(_waiting(shop_id), id)
            else:
                found.append(printout)
        return found

    def latest(self, shop_id: str, most: int = 50) -> list[Printout]:
        """The newest printouts, printed or not, newest first."""
        ids = list(self._ids(shop_id, _KEPT))[-most:]
        found = (self.get(shop_id, id) for id in reversed(ids))
        return [one for one in found if one is not None]

    def get(self, shop_id: str, id: str) -> Printout | None:
        """A printout of a shop, as long as it is kept."""
        item = self._table.get(shop_id, id)
        return None if item is None else _from_item(shop_id, id, item)

    def tick_off(self, printout: Printout) -> Printout:
        """It is printed; ticking it off again is harmless."""
        done = self._save(replace(printout, is_printed=True))
        self._table.delete(_waiting(printout.shop_id), printout.id)
        return done

    def print_again(self, printout: Printout) -> Printout:
        """It waits once more, as when the tape had run out."""
        again = self._save(replace(printout, is_printed=False, is_withdrawn=False))
        self._wait(again)
        return again

    @property
    def _ends_at(self) -> datetime:
        return self._now() + _KEPT

    def _wait(self, printout: Printout) -> None:
        self._table.put(_waiting(printout.shop_id), printout.id, {}, self._ends_at)

    def _save(self, printout: Printout) -> Printout:
        self._table.put(printout.shop_id, printout.id, _as_item(printout), self._ends_at)
        return printout

    def _ids(self, part: str, span: timedelta) -> Iterator[str]:
        after = f"{(self._now() - span).astimezone(UTC):%Y%m%dT%H%M%S}"
        for _ in range(_MOST_PAGES):
            page = self._table.list(part, after, _PAGE)
            yield from (id for id, _ in page)
            if len(page) < _PAGE:
                return
            after = page[-1][0]


def _waiting(shop_id: str) -> str:
    return f"{shop_id}#waiting"


def _withdrawn(shop_id: str) -> str:
    return f"{shop_id}#withdrawn"


def _as_item(printout: Printout) -> dict:
    return {
        "order": printout.order_id,
        "title": printout.title,
        "made": printout.made_at.isoformat(),
        "values": dict(printout.values),
        "printed": printout.is_printed,
        "withdrawn": printout.is_withdrawn,
    }


def _from_item(shop_id: str, id: str, item: Mapping) -> Printout:
    return Printout(
        id,
        shop_id,
        item["order"],
        item["title"],
        datetime.fromisoformat(item["made"]),
        item["values"],
        item["printed"],
        item["withdrawn"],
    )
