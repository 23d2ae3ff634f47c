"""The names of the events on the bus.

Source: the deck's "Serverlesspresso events" (15 names; it prints OrderManager_MakeOrder for
OrderManager.MakeOrder), the original's OrderProcessor.orderFinished, and two of our own, without
which no screen could learn that a drink left the counter (OrderManager.OrderCollected) or that an
order which was ready is not (OrderManager.OrderReopened).
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
