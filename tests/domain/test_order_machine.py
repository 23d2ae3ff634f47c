"""Random moves by everybody, against a model that knows nothing of TRANSITIONS."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain import orders
from domain.admission import check_intake
from domain.errors import NotAllowedNow, ShopFull
from domain.events import OrderEvent, events_for_change, journey_is_complete, journey_key
from domain.orders import HOLDS_CAPACITY, OPEN_FOR_CUSTOMER, RefusalReason, Role
from tests.builders import NOW, a_drink_order, a_shop, an_order

CAPACITY = 2
OVER = {"refused", "cancelled", "timed out"}


class Model:
    """What the shop's people would say about one order."""

    def __init__(self):
        self.where = "asked for a place"
        self.moves = 0

    @property
    def has_a_place(self) -> bool:
        return self.where in {"choosing", "just placed", "in line", "being made"}

    def may(self, who: Role, what: str) -> str | None:
        """Where the order goes, or None when this person may not do that now."""
        where = self.where
        if what == "cancel":
            if who is Role.CUSTOMER and where in {"choosing", "just placed", "in line"}:
                return "cancelled"
            if who is Role.BARISTA and where in {"just placed", "in line", "being made"}:
                return "cancelled"
            return None
        if what == "take_back":
            back = {"on the counter": "being made", "collected": "on the counter"}
            return back.get(where) if who is Role.BARISTA else None
        if what == "collect":
            someone = who in {Role.BARISTA, Role.WORKFLOW}
            return "collected" if someone and where == "on the counter" else None
        steps = {
            "admit": (Role.WORKFLOW, {"asked for a place"}, "choosing"),
            "refuse": (Role.WORKFLOW, {"asked for a place"}, "refused"),
            "submit": (Role.CUSTOMER, {"choosing"}, "just placed"),
            "remake": (Role.BARISTA, {"on the counter", "collected"}, "just placed"),
            "queue": (Role.WORKFLOW, {"just placed"}, "in line"),
            "make": (Role.BARISTA, {"in line"}, "being made"),
            "release": (Role.BARISTA, {"being made"}, "in line"),
            "complete": (Role.BARISTA, {"being made"}, "on the counter"),
            "time_out": (Role.WORKFLOW, {"choosing", "in line", "being made"}, "timed out"),
        }
        whose, sources, target = steps[what]
        return target if who is whose and where in sources else None


SAID_BY_THE_DOMAIN = {
    "asked for a place": "CLAIMED",
    "choosing": "ADMITTED",
    "just placed": "SUBMITTED",
    "in line": "QUEUED",
    "being made": "MAKING",
    "on the counter": "COMPLETED",
    "collected": "COLLECTED",
    "refused": "REFUSED",
    "cancelled": "CANCELLED",
    "timed out": "TIMED_OUT",
}

# The public functions that have only one possible mover need no role.
MOVES = {
    "admit": (Role.WORKFLOW, lambda order, who: orders.admit(order, 300, NOW)),
    "refuse": (Role.WORKFLOW, lambda order, who: orders.refuse(order, RefusalReason.FULL, NOW)),
    "submit": (Role.CUSTOMER, lambda order, who: orders.submit(order, a_drink_order(), 1, NOW)),
    "queue": (Role.WORKFLOW, lambda order, who: orders.queue(order, 900, NOW)),
    "make": (Role.BARISTA, lambda order, who: orders.make(order, "b", "Kim", NOW)),
    "release": (Role.BARISTA, lambda order, who: orders.release(order)),
    "complete": (Role.BARISTA, lambda order, who: orders.complete(order, NOW)),
    "collect": (None, lambda order, who: orders.collect(order, who, NOW)),
    "cancel": (None, lambda order, who: orders.cancel(order, who, None, NOW)),
    "time_out": (Role.WORKFLOW, lambda order, who: orders.time_out(order, NOW)),
    "remake": (Role.BARISTA, lambda order, who: orders.remake(order, NOW)),
    "take_back": (Role.BARISTA, lambda order, who: orders.take_back(order, NOW)),
}


THE_USUAL_WAY = ["admit", "submit", "queue", "make", "complete", "collect"]


def _target(do, order, who) -> str | None:
    """Where this move takes the order, in the model's words; None when it is refused."""
    try:
        state = do(order, who).state
    except NotAllowedNow:
        return None
    return next(where for where, said in SAID_BY_THE_DOMAIN.items() if said == state)


class Bar(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.orders, self.models, self.journeys = [], [], []
        self.places_taken = 0

    @initialize()
    def the_first_customer_comes(self):
        self.somebody_scans()

    @precondition(lambda self: len(self.orders) < 5)
    @rule()
    def somebody_scans(self):
        order = an_order(id=f"order-{len(self.orders)}")
        self.orders.append(order)
        self.models.append(Model())
        self.journeys.append(events_for_change(None, order))

    @rule(data=st.data(), what=st.sampled_from(sorted(MOVES)), who=st.sampled_from(list(Role)))
    def somebody_tries_something(self, data, what, who):
        which = data.draw(st.integers(0, len(self.orders) - 1))
        self._try(which, what, who)

    @rule(data=st.data())
    def somebody_does_what_is_due(self, data):
        due = [
            (which, what, who)
            for which, model in enumerate(self.models)
            for what in MOVES
            for who in Role
            if model.may(who, what)
        ]
        if due:
            self._try(*data.draw(st.sampled_from(due)))

    @rule(data=st.data())
    def an_order_goes_the_usual_way(self, data):
        which = data.draw(st.integers(0, len(self.orders) - 1))
        for what in THE_USUAL_WAY:
            who = MOVES[what][0] or Role.BARISTA
            if self.models[which].may(who, what):
                self._try(which, what, who)
                break

    def _try(self, which: int, what: str, who: Role):
        only, do = MOVES[what]
        who = only or who
        order, model = self.orders[which], self.models[which]
        if what == "admit" and self.places_taken >= CAPACITY:
            self._shop_is_full()
            return
        target = model.may(who, what)
        if target is None:
            try:
                do(order, who)
            except NotAllowedNow:
                return
            raise AssertionError(f"{who} was allowed to {what} an order {model.where}")
        had_a_place = model.has_a_place
        self.orders[which] = after = do(order, who)
        self.journeys[which] += events_for_change(order, after)
        model.where, model.moves = target, model.moves + 1
        self.places_taken += model.has_a_place - had_a_place

    def _shop_is_full(self):
        try:
            check_intake(a_shop(capacity=CAPACITY), self.places_taken)
        except ShopFull:
            return
        raise AssertionError("a full shop took one more order")

    @invariant()
    def each_order_is_where_the_model_says(self):
        for order, model in zip(self.orders, self.models):
            assert order.state == SAID_BY_THE_DOMAIN[model.where]

    @invariant()
    def the_version_counts_the_moves(self):
        for order, model in zip(self.orders, self.models):
            assert order.version == 1 + model.moves

    @invariant()
    def places_taken_are_the_orders_that_hold_one(self):
        holding = [order for order in self.orders if order.state in HOLDS_CAPACITY]
        assert len(holding) == self.places_taken <= CAPACITY

    @invariant()
    def whoever_holds_a_place_is_not_let_in_again(self):
        for order, model in zip(self.orders, self.models):
            is_open = model.has_a_place or model.where == "asked for a place"
            assert (order.state in OPEN_FOR_CUSTOMER) == is_open

    @invariant()
    def everybody_may_do_what_the_model_says_and_nothing_else(self):
        for order, model in zip(self.orders, self.models):
            for what, (only, do) in MOVES.items():
                for who in [only] if only else Role:
                    assert _target(do, order, who) == model.may(who, what), (what, who)

    @invariant()
    def an_order_that_is_over_has_no_way_on(self):
        for model in self.models:
            ways_on = [what for what in MOVES for who in Role if model.may(who, what)]
            assert bool(ways_on) != (model.where in OVER)

    @invariant()
    def a_journey_is_complete_exactly_when_the_workflow_is_over(self):
        for model, events in zip(self.models, self.journeys):
            assert all(isinstance(event, OrderEvent) for event in events)
            is_over = model.where in OVER | {"on the counter", "collected"}
            assert journey_is_complete(journey_key(event) for event in events) == is_over

    def teardown(self):
        """The bar closes: whoever is left is timed out or cancelled, and no place stays taken."""
        endings = {"choosing": "time_out", "in line": "time_out", "being made": "time_out"}
        for order, model in zip(self.orders, self.models):
            if model.where == "just placed":
                order = orders.queue(order, 900, NOW)
                self.places_taken -= orders.time_out(order, NOW).state not in HOLDS_CAPACITY
            elif model.where in endings:
                self.places_taken -= orders.time_out(order, NOW).state not in HOLDS_CAPACITY
        assert self.places_taken == 0


TestTheBar = Bar.TestCase
TestTheBar.settings = settings(
    max_examples=50, stateful_step_count=30, deadline=None, derandomize=True, database=None
)
