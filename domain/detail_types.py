"""The names of the events on the bus.

Sources: the deck's "Serverlesspresso events" (15 names; it prints OrderManager_MakeOrder for
OrderManager.MakeOrder) and the original's OrderProcessor.orderFinished. Two names are our own,
because without them no screen could learn that a drink left the counter
(OrderManager.OrderCollected) or that a ready order is no longer ready (OrderManager.OrderReopened).
"""

from enum import StrEnum

BUS_NAME = "Serverlesspresso"
SOURCE = "awsserverlessda.serverlesspresso"


class DetailType(StrEnum):
    """A `detail-type` on the bus."""

    CONFIG_CHANGED = "ConfigService.ConfigChanged"
    ALL_EVENTS_STORED = "OrderJourney.AllEventsStored"
    MAKE_ORDER = "OrderManager.MakeOrder"
    ORDER_CANCELLED = "OrderManager.OrderCancelled"
    ORDER_COMPLETED = "OrderManager.OrderCompleted"
    MANAGER_WAITING_COMPLETION = "OrderManager.WaitingCompletion"
    ORDER_TIME_OUT = "OrderProcessor.OrderTimeOut"
    SHOP_NOT_READY = "OrderProcessor.ShopNotready"
    PROCESSOR_WAITING_COMPLETION = "OrderProcessor.WaitingCompletion"
    WAITING_PRODUCTION = "OrderProcessor.WaitingProduction"
    WORKFLOW_STARTED = "OrderProcessor.WorkflowStarted"
    QUEUE_ORDER_CANCELLED = "QueueService.OrderCancelled"
    QUEUE_ORDER_COMPLETED = "QueueService.OrderCompleted"
    QUEUE_ORDER_STARTED = "QueueService.OrderStarted"
    NEW_ORDER = "Validator.NewOrder"
    ORDER_FINISHED = "OrderProcessor.orderFinished"
    ORDER_COLLECTED = "OrderManager.OrderCollected"
    ORDER_REOPENED = "OrderManager.OrderReopened"
