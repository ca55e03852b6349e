"""Customers in the panel: found, read, kept out. Passwords are never shown, set or guessed here."""

from __future__ import annotations

import uuid

from flask import flash, redirect, request, url_for
from flask_admin import expose
from sqlalchemy import update

from admin.fields import trimmed
from admin.order_lists import read_customers, read_orders
from admin.rows import find_row
from admin.views import Answer, PanelView
from storefront.accounts.models import Customer
from storefront.accounts.queries import list_addresses
from storefront.foundation.database import execute_counted, transactional
from storefront.foundation.pagination import read_page_number
from storefront.orders.queries import STATUS


class Customers(PanelView):
    """The list of customers, and one customer with the orders."""

    def __init__(self) -> None:
        super().__init__(name="Customers", category="Sales", endpoint="admin_customers", url="/admin/customers")

    @expose("/")
    def index(self) -> str:
        """Customers by e-mail or name."""
        words = trimmed(request.args.get("q"))[:100]
        pager, rows = read_customers(words=words, number=read_page_number(request.args.get("page")))

        def page_url(number: int) -> str:
            return url_for(".index", q=words or None, page=number)

        page: str = self.render(
            "admin/customers/list.html", rows=rows, pager=pager, words=words,
            previous_url=page_url(pager.number - 1) if pager.number > 1 else "",
            next_url=page_url(pager.number + 1) if pager.number < pager.pages else "")
        return page

    @expose("/<uuid:customer_id>/")
    def show(self, customer_id: uuid.UUID) -> str:
        """One customer."""
        customer = find_row(Customer, customer_id)
        pager, orders = read_orders(words="", state="", customer_id=customer_id)
        page: str = self.render("admin/customers/show.html", customer=customer, orders=orders, pager=pager,
                                addresses=list_addresses(customer_id), states=STATUS)
        return page

    @expose("/<uuid:customer_id>/access", methods=("POST",))
    def access(self, customer_id: uuid.UUID) -> Answer:
        """Close or open the account."""
        is_disabled = request.form.get("is_disabled") == "1"
        find_row(Customer, customer_id)
        set_access(customer_id=customer_id, is_disabled=is_disabled)
        flash("The account is closed and signed out everywhere." if is_disabled else "The account is open again.",
              "success")
        return redirect(url_for(".show", customer_id=customer_id), 303)


@transactional
def set_access(*, customer_id: uuid.UUID, is_disabled: bool) -> None:
    """Close the account and end all of its sessions, or open it; a second call changes nothing."""
    execute_counted(
        update(Customer).where(Customer.id == customer_id, Customer.is_disabled.is_(not is_disabled))
        .values(is_disabled=is_disabled, session_version=Customer.session_version + 1))
