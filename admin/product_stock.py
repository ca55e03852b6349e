"""A product's stock: what is there, what is promised, and differences with a reason."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose
from sqlalchemy import select

from admin.access import actor
from admin.meanwhile import ChangedMeanwhile, check_shown
from admin.names import name_actors
from admin.product_edits import find_product
from admin.product_forms import StockForm
from admin.views import Answer
from storefront.catalog.models import Product
from storefront.catalog.portrait import offered
from storefront.foundation.database import db, transactional
from storefront.foundation.errors import NotFound, ShopError
from storefront.inventory.errors import StockTooLow
from storefront.inventory.models import StockLevel, StockLocation, StockMovement, StockPolicy
from storefront.inventory.services import correct_stock, set_policy

MOVEMENTS = 30


class StockPages:
    """The stock tab of a product."""

    page_of: Any

    @expose("/<int:product_id>/stock", methods=("GET", "POST"))
    def stock(self, product_id: int) -> Answer:
        """Levels of every variant, and a form of differences."""
        form = _form_of(find_product(product_id), request.form if request.method == "POST" else None)
        problem: str | list[str] = ""
        if request.method == "POST" and form.validate():
            try:
                change_stock(product_id=product_id, form=form, actor=actor())
                flash("The stock is changed.", "success")
                return redirect(url_for(".stock", product_id=product_id), 303)
            except ChangedMeanwhile as error:
                form, problem = error.form, error.told
            except ShopError as error:
                problem = str(error)
        db.session.rollback()
        variants = offered(find_product(product_id))
        levels = _read_levels([variant.id for variant in variants])
        titles = {variant.id: variant.title or variant.sku or "" for variant in variants}
        movements = _read_movements(list(titles))
        answer: Answer = self.page_of(
            product_id, "stock", form=form, problem=problem, levels=levels, titles=titles, movements=movements,
            actors=name_actors(row.actor for row in movements))
        return answer


@transactional
def change_stock(*, product_id: int, form: StockForm, actor: str) -> None:
    """Apply the differences and policies together or not at all; raises StockTooLow, NotFound, ChangedMeanwhile."""
    product = find_product(product_id, lock=True)
    check_shown(form, _form_of(product), "product")
    rows, titles = form.levels.data, {str(variant.id): variant.title for variant in offered(product)}
    if not {row["variant_id"] for row in rows} <= titles.keys():
        raise NotFound("A variant was archived while this page was open. Reload it and try again.")
    # In the order in which orders take them, or the two would block each other: 9 comes before 10.
    for row in sorted(rows, key=lambda row: int(row["variant_id"])):
        variant_id = int(row["variant_id"])
        try:
            if row["delta"]:
                correct_stock(variant_id=variant_id, delta=row["delta"], reason=form.reason.data, actor=actor)
            set_policy(variant_id=variant_id, policy=StockPolicy(row["policy"]), actor=actor)
        except StockTooLow as error:
            raise StockTooLow(f"{titles[row['variant_id']] or product.name}: {error}") from None


def _form_of(product: Product, sent: Any = None) -> StockForm:
    variants = offered(product)
    levels = _read_levels([variant.id for variant in variants])
    data = {"levels": [
        {"variant_id": str(variant.id), "answers": variant.title,
         "policy": levels[variant.id][0].policy.value if levels.get(variant.id) else StockPolicy.DENY.value}
        for variant in variants]}
    return StockForm(sent, data=data)


def _read_levels(variant_ids: list[int]) -> dict[int, list[StockLevel]]:
    """Return the levels by variant, the main location first."""
    found: dict[int, list[StockLevel]] = {}
    rows = db.session.scalars(
        select(StockLevel).join(StockLocation).where(StockLevel.variant_id.in_(variant_ids))
        .order_by(StockLocation.code != "main", StockLevel.location_id))
    for row in rows:
        found.setdefault(row.variant_id, []).append(row)
    return found


def _read_movements(variant_ids: list[int]) -> list[StockMovement]:
    return list(db.session.scalars(
        select(StockMovement).where(StockMovement.variant_id.in_(variant_ids))
        .order_by(StockMovement.id.desc()).limit(MOVEMENTS)))
