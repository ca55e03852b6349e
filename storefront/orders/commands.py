"""`flask orders …`"""

from __future__ import annotations

import json

import click
from flask.cli import AppGroup

from storefront.foundation.errors import ShopError
from storefront.foundation.money import format_money
from storefront.foundation.shop import facts
from storefront.orders.queries import OrderView, read_order_id, read_order_view
from storefront.orders.story import read_story

group = AppGroup("orders", help="Look at orders.")


@group.command("show")
@click.argument("number")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(number: str, as_json: bool) -> None:
    """Print an order: lines, sums, address and what happened.

    Example: flask orders show 7F3K-9QXM-2B4T
    """
    try:
        order = read_order_view(read_order_id(number))
    except ShopError as error:
        raise click.ClickException(str(error)) from None
    click.echo(json.dumps(_facts(order), indent=2) if as_json else "\n".join(_lines(order)))


def _lines(order: OrderView) -> list[str]:
    locale = facts().locale
    lines = [f"Order {order.number}: {order.status_text}", f"{order.email}  {', '.join(order.shipping_lines)}", ""]
    lines += [f"{line.quantity:>4} × {line.name} {line.variant_title}  {format_money(line.total, locale)}"
              for line in order.lines]
    lines += [f"     {row.label}: {format_money(row.amount, locale)}" for row in order.totals if row.amount is not None]
    return [*lines, "", *(f"{entry.at:%Y-%m-%d %H:%M:%S} UTC  {entry.text}" for entry in read_story(order.id).timeline)]


def _facts(order: OrderView) -> dict[str, object]:
    return {
        "number": order.number, "status": order.status.value, "email": order.email,
        "payment_status": order.payment_status.value, "paid": order.paid.amount, "refunded": order.refunded.amount,
        "total": order.total.amount, "currency": order.total.currency,
        "placed_at": order.placed_at.isoformat() if order.placed_at else None,
        "lines": [{"sku": line.sku, "name": line.name, "quantity": line.quantity, "total": line.total.amount}
                  for line in order.lines],
    }
