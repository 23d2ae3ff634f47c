"""The print queue of an extension: printouts that wait for a printer, in the extension's own table.

A printout is added once, however often and in whatever order its events come. It waits until a
device has ticked it off, and is withdrawn when nobody needs it any more. An extension gets its
print queue as `kit.printer`; the core's tables are not used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.extension_kit.table import OwnTable

WAITS = timedelta(hours=1)
"""How old a printout may be to be printed. A printer that comes back skips older ones, because
nobody needs them any more."""
_KEPT = timedelta(hours=4)
_MOST_PAGES = 5
_PAGE = 100


@dataclass(frozen=True)
class Printout:
    """Something to print.

    id: begins with `made_at`, so that ids sort by time. title: its name on pages. values: the data
    that the extension draws it from.
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
    """The printouts of one extension, in its own table.

    Each printout is one item. A second item, its pointer, exists while it waits, so that a printer
    which asks every few seconds reads only the pointers. `waiting` deletes pointers that are left
    over.
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
        """Adds a printout, which waits to be printed once.

        version: the order's version; the same order and version again change nothing. made_at: the
        time of the event. title, values: see Printout.
        """
        moment = made_at.astimezone(UTC).replace(microsecond=0)
        printout = Printout(
            f"{moment:%Y%m%dT%H%M%S}-{order_id}-{version}", shop_id, order_id, title, moment, values
        )
        if not self._table.add(shop_id, printout.id, _as_item(printout), self._ends_at):
            printout = self.get(shop_id, printout.id) or printout
        if not printout.is_printed:
            self._wait(printout)
        # This check comes last, because withdraw() leaves its mark before it looks for printouts:
        # whichever of the two is later finds what the other one wrote.
        if self._table.get(_withdrawn(shop_id), order_id) is not None:
            self.withdraw(shop_id, order_id)

    def withdraw(self, shop_id: str, order_id: str) -> None:
        """Withdraws an order's printouts, also those that are added later."""
        self._table.put(_withdrawn(shop_id), order_id, {}, self._ends_at)
        for printout in self.waiting(shop_id):
            if printout.order_id == order_id:
                self._save(replace(printout, is_withdrawn=True))
                self._table.delete(_waiting(shop_id), printout.id)

    def waiting(self, shop_id: str) -> list[Printout]:
        """Returns the printouts that are to be printed now, oldest first."""
        found = []
        for id in self._ids(_waiting(shop_id), WAITS):
            printout = self.get(shop_id, id)
            if printout is None or printout.is_printed or printout.is_withdrawn:
                self._table.delete(_waiting(shop_id), id)
            else:
                found.append(printout)
        return found

    def latest(self, shop_id: str, most: int = 50) -> list[Printout]:
        """Returns the newest printouts, printed or not, newest first."""
        ids = list(self._ids(shop_id, _KEPT))[-most:]
        found = (self.get(shop_id, id) for id in reversed(ids))
        return [one for one in found if one is not None]

    def get(self, shop_id: str, id: str) -> Printout | None:
        """Returns a printout of a shop; None when it is no longer kept."""
        item = self._table.get(shop_id, id)
        return None if item is None else _from_item(shop_id, id, item)

    def tick_off(self, printout: Printout) -> Printout:
        """Marks a printout as printed. A repetition is harmless."""
        done = self._save(replace(printout, is_printed=True))
        self._table.delete(_waiting(printout.shop_id), printout.id)
        return done

    def print_again(self, printout: Printout) -> Printout:
        """Makes a printout wait again, for example when the tape had run out."""
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
