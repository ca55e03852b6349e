"""Every reaction to every event, on one page."""

from __future__ import annotations

from storefront.accounts.events import CustomerRegistered, PasswordChanged, RegistrationRepeated
from storefront.catalog.events import (
    CategoryChanged,
    CategoryLeft,
    CollectionChanged,
    ImageAdded,
    ImportRequested,
    PictureUploaded,
    ProductChanged,
    ProductRenamed,
    RuleDue,
    TreeChanged,
)
from storefront.content.events import HomeChanged, MenuChanged, PageChanged
from storefront.foundation.outbox import Event, Reaction
from storefront.foundation.page_marks import Touch
from storefront.inventory.events import StockChanged
from storefront.orders.events import (
    OrderCanceled,
    OrderFulfilled,
    OrderPlaced,
    OrderRefunded,
    ReturnMoved,
    WithdrawalStated,
)
from storefront.payments.events import (
    DemoIntentDecided,
    PaymentAwaited,
    PaymentEventReceived,
    PaymentParked,
    PaymentReturned,
    RefundRequested,
)
from storefront.recommendations.events import RebuildDue, RecommendationsChanged
from storefront.shipping.events import ParcelMoved, ParcelRegistered, TrackingReceived
from storefront.taxes.events import TaxesChanged

SUBSCRIPTIONS: dict[type[Event], list[Reaction]] = {
    OrderPlaced: [
        Reaction("workers.mails.send_order_confirmation", "mail"),
        Reaction("workers.orders.count_in", "default"),
    ],
    OrderCanceled: [Reaction("workers.mails.send_order_canceled", "mail")],
    OrderFulfilled: [Reaction("workers.mails.send_order_shipped", "mail")],
    OrderRefunded: [Reaction("workers.orders.send_order_refunded", "mail")],
    ReturnMoved: [Reaction("workers.orders.send_return_update", "mail")],
    WithdrawalStated: [
        Reaction("workers.orders.send_withdrawal_receipt", "mail"),
        Reaction("workers.orders.act_on_statement", "default"),
    ],
    ParcelRegistered: [Reaction("workers.orders.follow_parcel", "default")],
    TrackingReceived: [Reaction("workers.orders.apply_message", "default")],
    ParcelMoved: [
        Reaction("workers.orders.note_arrival", "default"),
        Reaction("workers.orders.send_parcel_updates", "mail"),
    ],
    CustomerRegistered: [Reaction("workers.mails.send_welcome", "mail")],
    RegistrationRepeated: [Reaction("workers.mails.send_registration_repeated", "mail")],
    PasswordChanged: [Reaction("workers.mails.send_password_changed", "mail")],
    PaymentEventReceived: [Reaction("workers.payments.settle_payment", "default")],
    RefundRequested: [Reaction("workers.payments.send_refund", "default")],
    PaymentAwaited: [Reaction("workers.mails.send_payment_awaited", "mail")],
    PaymentParked: [Reaction("workers.mails.send_payment_parked", "mail")],
    PaymentReturned: [Reaction("workers.mails.send_payment_returned", "mail")],
    DemoIntentDecided: [Reaction("workers.payments.call_demo_webhook", "default")],
    ImageAdded: [Reaction("workers.images.fetch_image", "images")],
    ImportRequested: [Reaction("workers.imports.go_on", "imports")],
    RuleDue: [Reaction("storefront.catalog.collections.work_on_rule", "imports")],
    RebuildDue: [Reaction("storefront.recommendations.services.work_on_rebuild", "imports")],
    PictureUploaded: [Reaction("workers.images.make_renditions", "images")],
}
# What an event says of pages: the subject it touches (browse/page_map.py leads from there to addresses), and
# whether the pages that show it now say something wrong of price or stock: their files go at once, where the
# others stay until the new ones are there.
PAGES: dict[type[Event], Touch] = {
    ProductChanged: Touch("product:{product_id}", lies=True),
    ProductRenamed: Touch("address:/p/{old_slug}", lies=True),
    StockChanged: Touch("{shown}:{variant_id}", lies=True),  # `variant` everywhere, `stock` on its own page
    CategoryChanged: Touch("category:{category_id}", lies=True),
    CategoryLeft: Touch("left:{category_id}"),
    TreeChanged: Touch("all"),
    CollectionChanged: Touch("collection:{collection_id}", lies=True),  # what left it shows the price of before
    HomeChanged: Touch("home"),
    PageChanged: Touch("page:{slug}"),
    MenuChanged: Touch("all"),
    TaxesChanged: Touch("all"),
    RecommendationsChanged: Touch("beside:{product_id}"),
}
# by the name that the outbox wrote down
REACTIONS = {event.__name__: reactions for event, reactions in SUBSCRIPTIONS.items()}
TOUCHES = {event.__name__: touch for event, touch in PAGES.items()}


def job_names() -> frozenset[str]:
    """Return every job that a reaction names; nothing else is ever run from a row."""
    return frozenset(reaction.job for reactions in REACTIONS.values() for reaction in reactions)
