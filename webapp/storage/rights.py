"""What the repositories do with each table. The function's role on AWS allows exactly this.

AWS checks the parts of a transaction one by one, so its writes are listed here as single writes.
"""

from __future__ import annotations

from webapp.storage.tables import (
    READ_ATTRIBUTES,
    CounterModel,
    CustomerModel,
    CustomerSessionModel,
    DeviceModel,
    DevicesOfShopIndex,
    IdempotentCallModel,
    IntakeModel,
    JourneyModel,
    LimitModel,
    LogoModel,
    MetricModel,
    OpenOrdersIndex,
    OrderModel,
    OrdersByBeginIndex,
    PhoneSignInModel,
    QrCodeModel,
    SessionEpochModel,
    SessionModel,
    ShopModel,
    SignInModel,
    StaffOfShopIndex,
    WrongCodesModel,
    base_name,
)
from workflows.roles import TableRight

# A list names many orders at once. Such a read never includes a task token.
_LISTED_ORDERS = TableRight(
    "ReadListedOrders",
    base_name(OrderModel),
    ("BatchGetItem",),
    attributes=tuple(READ_ATTRIBUTES),
)
_WHOLE_ITEMS = tuple(
    TableRight(sid, base_name(model), actions, index)
    for sid, model, actions, index in (
        ("ReadOneOrder", OrderModel, ("GetItem",), ""),
        ("WriteOrders", OrderModel, ("PutItem", "UpdateItem"), ""),
        # The index holds no task token either.
        ("ReadOpenOrders", OrderModel, ("Query",), OpenOrdersIndex.Meta.index_name),
        ("LockCustomers", CustomerModel, ("GetItem", "UpdateItem"), ""),
        (
            "KeepCustomerSessions",
            CustomerSessionModel,
            ("DeleteItem", "GetItem", "PutItem", "UpdateItem"),
            "",
        ),
        (
            "KeepPhoneSignIns",
            PhoneSignInModel,
            ("DeleteItem", "GetItem", "PutItem", "UpdateItem"),
            "",
        ),
        ("CountWrongCodes", WrongCodesModel, ("GetItem", "UpdateItem"), ""),
        ("CountLimits", LimitModel, ("GetItem", "UpdateItem"), ""),
        ("KeepPlaces", IntakeModel, ("GetItem", "PutItem", "UpdateItem"), ""),
        ("KeepShops", ShopModel, ("GetItem", "PutItem"), ""),
        # The sweep goes through all shops. Each is one small item, and there is no other list of
        # them.
        ("ListShops", ShopModel, ("Scan",), ""),
        ("CountScans", QrCodeModel, ("GetItem", "PutItem", "UpdateItem"), ""),
        ("NumberOrders", CounterModel, ("UpdateItem",), ""),
        ("KeepLogos", LogoModel, ("DeleteItem", "GetItem", "PutItem"), ""),
        ("ListStaff", SessionModel, ("Query",), StaffOfShopIndex.Meta.index_name),
        ("KeepSessions", SessionModel, ("DeleteItem", "GetItem", "PutItem", "UpdateItem"), ""),
        ("KeepSessionEpochs", SessionEpochModel, ("GetItem", "PutItem"), ""),
        ("KeepSignIns", SignInModel, ("DeleteItem", "GetItem", "PutItem"), ""),
        ("ListOrders", OrderModel, ("Query",), OrdersByBeginIndex.Meta.index_name),
        ("KeepDevices", DeviceModel, ("DeleteItem", "GetItem", "PutItem", "UpdateItem"), ""),
        ("ListDevices", DeviceModel, ("Query",), DevicesOfShopIndex.Meta.index_name),
        (
            "KeepAnswers",
            IdempotentCallModel,
            ("DeleteItem", "GetItem", "PutItem", "UpdateItem"),
            "",
        ),
        ("KeepJourneys", JourneyModel, ("PutItem", "Query"), ""),
        ("CountMetrics", MetricModel, ("Query", "UpdateItem"), ""),
        ("ForgetInJourneys", JourneyModel, ("UpdateItem",), ""),
    )
)
TABLE_RIGHTS = (_LISTED_ORDERS, *_WHOLE_ITEMS)
