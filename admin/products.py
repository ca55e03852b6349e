"""Products in the panel: the list, a new one, its words and its status."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose
from slugify import slugify

from admin.access import actor
from admin.fields import choices, trimmed
from admin.meanwhile import ChangedMeanwhile, check_shown
from admin.product_choices import ChoicePages
from admin.product_edits import edit_product, find_product
from admin.product_forms import NewProductForm, ProductForm
from admin.product_lists import ORDERS, Search, list_brands, list_categories, read_products
from admin.product_pictures import PicturePages
from admin.product_stock import StockPages
from admin.views import Answer, PanelView
from storefront.catalog.entries import ProductEntry, VariantEntry
from storefront.catalog.models import Product, ProductStatus
from storefront.catalog.services import change_status, create_product
from storefront.catalog.states import MOVES
from storefront.foundation.database import db
from storefront.foundation.errors import NotFound, ShopError
from storefront.foundation.pagination import read_page_number
from storefront.taxes import queries as taxes

S = ProductStatus
MOVE_LABELS = {
    S.PENDING_REVIEW: "Send for review", S.APPROVED: "Approve", S.ACTIVE: "Put on sale", S.INACTIVE: "Take off sale",
    S.DRAFT: "Back to draft", S.DISCONTINUED: "Discontinue",
}
BLANK_FACTS = 2


class Products(ChoicePages, StockPages, PicturePages, PanelView):
    """Everything about products; the pages of one product are told apart by tabs."""

    def __init__(self) -> None:
        super().__init__(name="Products", category="Catalog", endpoint="admin_products", url="/admin/products")

    @expose("/")
    def index(self) -> str:
        """The list, searched and filtered."""
        search = _read_search()
        pager, rows = read_products(search, read_page_number(request.args.get("page")))

        def page_url(number: int) -> str:
            kept: dict[str, Any] = {name: value for name, value in request.args.items() if name != "page" and value}
            return url_for(".index", **kept, page=number)

        page: str = self.render(
            "admin/products/list.html", rows=rows, pager=pager, search=search, statuses=list(ProductStatus),
            brands=list_brands(), categories=list_categories(), orders=ORDERS,
            previous_url=page_url(pager.number - 1) if pager.number > 1 else "",
            next_url=page_url(pager.number + 1) if pager.number < pager.pages else "")
        return page

    @expose("/new", methods=("GET", "POST"))
    def create(self) -> Answer:
        """Begin a draft."""
        form = NewProductForm(request.form)
        form.category.choices = choices([("", "None yet"), *((path, name) for _, path, name in list_categories())])
        problem = ""
        if request.method == "POST" and form.validate():
            try:
                result = create_product(entry=_draft(form), actor=actor())
                flash("The draft is saved. Add its words, pictures and stock, then put it on sale.", "success")
                return redirect(url_for(".edit", product_id=result.product_id), 303)
            except ShopError as error:
                problem = str(error)
        page: str = self.render("admin/products/new.html", form=form, problem=problem)
        return (page, 422) if request.method == "POST" else page

    @expose("/<int:product_id>/", methods=("GET", "POST"))
    def edit(self, product_id: int) -> Answer:
        """Words, facts, brand and categories."""
        product = find_product(product_id)
        form = _form_of(product, request.form if request.method == "POST" else None)
        problem: str | list[str] = ""
        if request.method == "POST" and form.validate():
            try:
                edit_product(product_id=product_id, slug=form.slug.data, actor=actor(),
                             check=lambda row: check_shown(form, _form_of(row), "product"),
                             change=lambda entry, row: _changed(entry, row, form))
                flash("Saved. The shop shows it within moments.", "success")
                return redirect(url_for(".edit", product_id=product_id), 303)
            except ChangedMeanwhile as error:
                form, problem = error.form, error.told
            except ShopError as error:
                problem = str(error)
        return self.page_of(product_id, "edit", form=form, problem=problem, brands=list_brands())

    @expose("/<int:product_id>/status", methods=("POST",))
    def status(self, product_id: int) -> Answer:
        """Move the product one step along its states."""
        wanted = request.form.get("status", "")
        if wanted not in set(ProductStatus):
            raise NotFound("There is no such status.")
        try:
            change_status(product_id=product_id, status=ProductStatus(wanted), actor=actor())
            flash(f"{MOVE_LABELS[ProductStatus(wanted)]}: done.", "success")
        except NotFound:
            raise
        except ShopError as error:
            flash(str(error), "error")
        return redirect(url_for(".edit", product_id=product_id), 303)

    def page_of(self, product_id: int, tab: str, **context: Any) -> Answer:
        """Return a tab of a product's page, 422 after a form that was not taken."""
        db.session.rollback()
        product = find_product(product_id)
        page: str = self.render(f"admin/products/{tab}.html", product=product, tab=tab, moves=_moves(product),
                                **context)
        return (page, 422) if request.method == "POST" else page


def _moves(product: Product) -> list[tuple[str, str]]:
    return [(status.value, MOVE_LABELS[status]) for status in ProductStatus if status in MOVES[product.status]]


def _read_search() -> Search:
    """Read the filters of the address; what is no filter is passed over."""
    args = request.args
    status, order = args.get("status", ""), args.get("order", "")
    return Search(words=trimmed(args.get("q"))[:100], status=status if status in set(ProductStatus) else "",
                  brand_id=_id(args.get("brand", "")), category_id=_id(args.get("category", "")),
                  is_low=args.get("stock") == "low", order=order if order in ORDERS else "newest")


def _id(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _draft(form: NewProductForm) -> ProductEntry:
    amount = int(form.amount.data or 0)
    return ProductEntry(
        slug=slugify(form.name.data)[:180] or "product", name=form.name.data, status=ProductStatus.DRAFT,
        categories=(form.category.data,) if form.category.data else (),
        variants=(VariantEntry(amount=amount, sku=form.sku.data),))


def _form_of(product: Product, sent: Any = None) -> ProductForm:
    """Return the form with what was sent, else with what the product says."""
    main = product.category.path if product.category else ""
    data = {
        "name": product.name, "subtitle": product.subtitle, "slug": product.slug, "description": product.description,
        "facts": [{"label": pair[0], "value": pair[1]} for pair in product.facts] + [{}] * BLANK_FACTS,
        "brand": product.brand.name if product.brand else "", "category": main,
        "categories": [category.path for category in product.categories], "tags": ", ".join(product.tags),
        "tax_category": product.tax_category, "seo_title": product.seo_title,
        "seo_description": product.seo_description,
    }
    form = ProductForm(sent, data=data)
    paths = [(path, name) for _, path, name in list_categories()]
    form.category.choices = choices([("", "None"), *paths])
    form.categories.choices = choices(paths)
    kinds = taxes.list_categories()
    known = {code for code, _ in kinds}
    unknown = [] if product.tax_category in known else [(product.tax_category, product.tax_category)]
    form.tax_category.choices = choices([*kinds, *unknown])
    return form


def _changed(entry: ProductEntry, product: Product, form: ProductForm) -> ProductEntry:
    main = form.category.data
    paths = ([main] if main else []) + [path for path in form.categories.data or [] if path != main]
    facts = tuple((row["label"], row["value"]) for row in form.facts.data if row["label"] and row["value"])
    return replace(
        entry, slug=product.slug, name=form.name.data, subtitle=form.subtitle.data, description=form.description.data,
        facts=facts, brand=form.brand.data, categories=tuple(paths), tax_category=form.tax_category.data,
        tags=tuple(dict.fromkeys(word.strip() for word in form.tags.data.split(",") if word.strip())),
        seo_title=form.seo_title.data, seo_description=form.seo_description.data)

