"""The shelves around the products: categories, collections, brands."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import or_, select
from wtforms import BooleanField, FieldList, Form, FormField, HiddenField, SelectField, ValidationError

from admin.fields import Required, WholeField, check_slug, choices, line, text
from admin.product_lists import list_categories
from admin.views import TableView
from storefront.catalog.collections import save_collection
from storefront.catalog.events import ProductChanged
from storefront.catalog.models import Brand, Category, Collection, CollectionEntry, Product, Variant
from storefront.catalog.services import save_category
from storefront.foundation.database import db
from storefront.foundation.errors import ShopError
from storefront.foundation.outbox import record

MAX_ENTRIES = 500


def _name() -> Any:
    return line("Name", Required("Give it a name."), most=120)


class CategoryForm(Form):
    """A category that exists; its address stays, because people and search engines follow it."""

    name = _name()
    intro = text("Introduction", most=2000, rows=3, description="One or two lines above its products.")
    position = WholeField("Place", [Required("Enter a number; smaller ones come first.")], high=10_000, default=0,
                          description="Smaller numbers come first.")
    is_published = BooleanField("Shown in the shop", default=True)


class NewCategoryForm(CategoryForm):
    """A new category."""

    parent = SelectField("Inside", coerce=str)
    slug = line("Address", Required("Give it an address."), check_slug, most=120,
                description="The last part of its page's address. It cannot be changed later.")


class EntryForm(Form):
    """A product of a collection."""

    slug = HiddenField()
    position = WholeField("Place", low=1, high=10_000)
    is_removed = BooleanField("Take out")


class CollectionForm(Form):
    """A collection that exists."""

    name = _name()
    intro = text("Introduction", most=2000, rows=3)
    is_published = BooleanField("Shown in the shop", default=True)
    entries = FieldList(FormField(EntryForm), label="Products", max_entries=MAX_ENTRIES)
    added = text("Add products", rows=3, most=5000,
                 description="SKUs, or the last parts of their pages' addresses, separated by commas or lines.")

    def validate_added(self, field: Any) -> None:
        words = _words(field.data)
        known = _slugs_of(words)
        unknown = [word for word in words if word not in known]
        if unknown:
            raise ValidationError(f"There is no product {', '.join(unknown)[:200]}.")


class NewCollectionForm(CollectionForm):
    """A new collection."""

    slug = line("Address", Required("Give it an address."), check_slug, most=120,
                description="The page will stand at /collections/ and this. It cannot be changed later.")


class BrandForm(Form):
    """Who makes a product."""

    name = _name()
    slug = line("Address", Required("Give it an address."), check_slug, most=120)


class Categories(TableView):
    """The category tree, in its order."""

    group, noun, form = "catalog", "category", NewCategoryForm
    hint = "The tree that the header and the breadcrumbs show. A category that is not shown keeps its products."
    column_list = ("name", "path", "position", "is_published")
    column_labels = {"path": "Address", "is_published": "Shown", "position": "Place"}  # Flask-Admin reads it so
    column_searchable_list = ("name", "path")
    column_default_sort = "path"
    can_delete = False  # products and addresses hang on it; it is taken out of sight instead

    def title_of(self, row: Any) -> str:
        return str(row.name)

    def get_edit_form(self) -> Any:
        return CategoryForm

    def create_form(self, obj: Any = None) -> Any:
        form = super().create_form(obj)
        form.parent.choices = choices([("", "The top"), *((path, name) for _, path, name in list_categories())])
        return form

    def save(self, form: Any, row_id: Any) -> Any:
        """Write the category by its path, which an edit never changes."""
        if row_id is not None:
            path = self.get_one(str(row_id)).path
        else:
            path = "/".join(part for part in (form.parent.data, form.slug.data) if part)
            if db.session.scalar(select(Category.id).where(Category.path == path)) is not None:
                raise ShopError(f"There is a category {path} already.")
        return save_category(path=path, name=form.name.data, intro=form.intro.data, position=form.position.data,
                             is_published=form.is_published.data)


class Collections(TableView):
    """Hand-picked lists of products."""

    group, noun, form = "catalog", "collection", NewCollectionForm
    hint = "Products picked by hand, each list with a page at /collections/ and its address."
    column_list = ("name", "slug", "is_published")
    column_labels = {"slug": "Address", "is_published": "Shown"}
    edit_template = create_template = "admin/collection.html"
    can_delete = False  # its page has an address that people follow; it is taken out of sight instead

    def get_edit_form(self) -> Any:
        return CollectionForm

    def edit_form(self, obj: Any = None) -> Any:
        form = super().edit_form(obj)
        if form.entries and not form.entries[0].slug.data:  # made from rows that know their product by id
            slugs = dict(db.session.execute(
                select(Product.id, Product.slug).join(CollectionEntry, CollectionEntry.product_id == Product.id)
                .where(CollectionEntry.collection_id == obj.id)).all())
            for place, (row, entry) in enumerate(zip(form.entries, obj.entries, strict=True), start=1):
                row.slug.data, row.position.data = slugs[entry.product_id], place
        return form

    def names_of(self, form: Any) -> dict[str, str]:
        """Return the products' names by slug, for the template."""
        slugs = [row.slug.data for row in form.entries]
        found = select(Product.slug, Product.name).where(Product.slug.in_(slugs))
        return dict(db.session.execute(found).all())

    def save(self, form: Any, row_id: Any) -> Any:
        """Write the collection by its slug, which an edit never changes."""
        slug = form.slug.data if row_id is None else self.get_one(str(row_id)).slug
        if row_id is None and db.session.scalar(select(Collection.id).where(Collection.slug == slug)) is not None:
            raise ShopError(f"There is a collection {slug} already.")
        rows = enumerate(form.entries.data, start=1)
        kept = sorted((row["position"] or place, place, row["slug"]) for place, row in rows if not row["is_removed"])
        words = _words(form.added.data)
        known = _slugs_of(words)
        slugs = [*(entry[2] for entry in kept), *(known[word] for word in words)]
        return save_collection(slug=slug, name=form.name.data, intro=form.intro.data, product_slugs=slugs,
                               is_published=form.is_published.data)


class Brands(TableView):
    """Who makes the products."""

    group, noun, form = "catalog", "brand", BrandForm
    column_list = ("name", "slug")
    column_labels = {"slug": "Address"}
    column_searchable_list = ("name",)
    column_default_sort = "name"

    def announce(self, row: Any) -> None:
        """Every product of the brand shows its name."""
        for product_id in db.session.scalars(select(Product.id).where(Product.brand_id == row.id)):
            record(ProductChanged(product_id))


def views() -> list[TableView]:
    """Return the views of this file, in the order of the menu."""
    menu = {"category": "Catalog"}
    return [
        Categories(Category, db, name="Categories", endpoint="admin_categories", url="/admin/categories", **menu),
        Collections(Collection, db, name="Collections", endpoint="admin_collections", url="/admin/collections", **menu),
        Brands(Brand, db, name="Brands", endpoint="admin_brands", url="/admin/brands", **menu),
    ]


def _words(said: str | None) -> list[str]:
    return list(dict.fromkeys(word.strip() for word in re.split(r"[,\n]", said or "") if word.strip()))


def _slugs_of(words: list[str]) -> dict[str, str]:
    """Return the product's slug for each word that is a slug or a SKU."""
    rows = db.session.execute(
        select(Product.slug, Variant.sku).outerjoin(Variant, Variant.product_id == Product.id)
        .where(or_(Product.slug.in_(words), Variant.sku.in_(words)))).all()
    found = {row.sku: row.slug for row in rows if row.sku} | {row.slug: row.slug for row in rows}
    return {word: found[word] for word in words if word in found}
