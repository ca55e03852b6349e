"""The shelves around the products: categories and brands; collections have a file of their own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from wtforms import BooleanField, SelectField

from admin.collections import Collections
from admin.fields import Required, WholeField, check_slug, choices, line, text
from admin.forms import Form
from admin.product_lists import list_brands, list_categories
from admin.views import TableView
from storefront.catalog.events import ProductChanged
from storefront.catalog.models import Brand, Category, Collection, Product
from storefront.catalog.services import save_category
from storefront.foundation.database import db
from storefront.foundation.errors import ShopError
from storefront.foundation.outbox import record_all


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


class BrandForm(Form):
    """Who makes a product."""

    name = _name()
    slug = line("Address", Required("Give it an address."), check_slug, most=120)


class Categories(TableView):
    """The category tree, in its order."""

    group, noun, form = "catalog", "category", NewCategoryForm
    hint = ("The tree that the header and the breadcrumbs show; the menu leaves out what holds nothing on sale. "
            "A category that is not shown keeps its products.")
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


class Brands(TableView):
    """Who makes the products."""

    group, noun, form = "catalog", "brand", BrandForm
    column_list = ("name", "slug")
    column_labels = {"slug": "Address"}
    column_searchable_list = ("name",)
    column_default_sort = "name"

    def save(self, form: Any, row_id: Any) -> Any:
        """Write the brand; of two of one name, rules and filters would mean but one."""
        said = form.name.data.casefold()
        twin = next((name for brand_id, name in list_brands() if name.casefold() == said and brand_id != row_id), None)
        if twin is not None:
            raise ShopError(f"There is a brand {twin} already. Use that one, or choose another name.")
        return super().save(form, row_id)

    def announce(self, row: Any) -> None:
        """Every product of the brand shows its name."""
        products = select(Product.id).where(Product.brand_id == row.id).order_by(Product.id)
        record_all([ProductChanged(product_id) for product_id in db.session.scalars(products)])


def views() -> list[TableView]:
    """Return the views of this file, in the order of the menu."""
    menu = {"category": "Catalog"}
    return [
        Categories(Category, db, name="Categories", endpoint="admin_categories", url="/admin/categories", **menu),
        Collections(Collection, db, name="Collections", endpoint="admin_collections", url="/admin/collections", **menu),
        Brands(Brand, db, name="Brands", endpoint="admin_brands", url="/admin/brands", **menu),
    ]
