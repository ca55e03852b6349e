"""Collections in the panel: what was placed by hand, a rule for the rest, and what it would find before it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request
from sqlalchemy import func, select
from wtforms import Form

from admin.collection_forms import (
    CollectionForm,
    NewCollectionForm,
    fields_of,
    read_slugs,
    rule_of,
    split_words,
)
from admin.fields import choices
from admin.product_lists import list_categories, read_thumbs
from admin.views import Answer, TableView
from storefront.catalog.collections import save_collection
from storefront.catalog.listing import ORDERS
from storefront.catalog.media import Picture
from storefront.catalog.models import Collection, CollectionEntry, Product
from storefront.catalog.rules import Rule, is_matching, read_rule
from storefront.foundation.database import db
from storefront.foundation.errors import ShopError
from storefront.foundation.shop import facts

SHOWN = 8
COUNTED = 10_000  # products of a preview; of others it says that there are more


@dataclass(frozen=True, slots=True)
class Preview:
    """How many products a rule finds now, at least when there `is_more`, and the first of them."""

    total: int
    is_more: bool
    products: list[tuple[int, str, Picture | None]]


class Collections(TableView):
    """Lists of products with pages of their own."""

    group, noun, form = "catalog", "collection", NewCollectionForm
    hint = "Products picked by hand or found by a rule, each list with a page at /collections/ and its address."
    column_list = ("name", "slug", "is_published")
    column_labels = {"slug": "Address", "is_published": "Shown"}
    edit_template = create_template = "admin/collection.html"
    can_delete = False  # its page has an address that people follow; it is taken out of sight instead

    def get_edit_form(self) -> Any:
        return CollectionForm

    def create_form(self, obj: Any = None) -> Any:
        return _with_categories(super().create_form(obj))

    def form_of(self, row: Any, sent: Any = None) -> Any:
        form: Any = super().form_of(row, sent)
        if not sent:
            said = fields_of(read_rule(row.rule)) if row.rule else {}
            for name, value in said.items():
                form[name].data = value
            slugs = dict(db.session.execute(
                select(Product.id, Product.slug).join(CollectionEntry, CollectionEntry.product_id == Product.id)
                .where(CollectionEntry.collection_id == row.id, CollectionEntry.is_pinned)).all())
            for place, (line, entry) in enumerate(zip(form.entries, row.entries, strict=True), start=1):
                line.slug.data, line.position.data = slugs[entry.product_id], place
        return _with_categories(form)

    def names_of(self, form: Any) -> dict[str, str]:
        """Return the products' names by slug, for the template."""
        slugs = [row.slug.data for row in form.entries]
        found = select(Product.slug, Product.name).where(Product.slug.in_(slugs))
        return dict(db.session.execute(found).all())

    def preview_of(self, form: Any) -> Preview | None:
        """Return what the form's rule finds now, for the template; None without a rule that can be asked."""
        if form.errors:
            return None
        rule = rule_of(form)
        return preview_rule(rule) if rule else None

    def _edit(self, form: Form, row: Any, row_id: Any) -> Answer:
        """Show what the rule would find when that is asked for; everything else is a table's."""
        if request.method != "POST" or "preview" not in request.form:
            return super()._edit(form, row, row_id)
        form.has_rule.data = True  # whoever asks what it finds means to have it
        status = 200 if form.validate() else 422
        page: str = self.render(self.edit_template, form=form, row=row, row_id=row_id, problem="")
        return page, status

    def save(self, form: Any, row_id: Any) -> Any:
        """Write the collection by its slug, which an edit never changes."""
        slug = form.slug.data if row_id is None else self.get_one(str(row_id)).slug
        if row_id is None and db.session.scalar(select(Collection.id).where(Collection.slug == slug)) is not None:
            raise ShopError(f"There is a collection {slug} already.")
        rows = enumerate(form.entries.data, start=1)
        kept = sorted((row["position"] or place, place, row["slug"]) for place, row in rows if not row["is_removed"])
        words = split_words(form.added.data)
        known = read_slugs(words)
        slugs = [*(entry[2] for entry in kept), *(known[word] for word in words)]
        return save_collection(slug=slug, name=form.name.data, intro=form.intro.data, product_slugs=slugs,
                               is_published=form.is_published.data, rule=rule_of(form))


def preview_rule(rule: Rule) -> Preview:
    """Return how many products the rule finds, and the first of them in its order."""
    fits = is_matching(rule, facts().currency)  # asked of each until there are enough
    total = db.session.scalar(
        select(func.count()).select_from(select(Product.id).where(fits).limit(COUNTED + 1).subquery())) or 0
    rows = db.session.execute(select(Product.id, Product.name).where(fits)
                              .order_by(*ORDERS[rule.order]).limit(SHOWN)).all() if total else []
    pictures = read_thumbs([product_id for product_id, _ in rows])
    return Preview(total, total > COUNTED, [(product_id, name, pictures.get(product_id)) for product_id, name in rows])


def _with_categories(form: Any) -> Any:
    form.categories.choices = choices((category_id, name) for category_id, _, name in list_categories())
    return form
