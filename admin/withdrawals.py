"""Statements of withdrawal in the panel: what was stated, what the shop did by itself, what waits for a person."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask_admin import expose
from werkzeug.wrappers import Response

from admin.access import actor
from admin.order_forms import read_id
from admin.views import PanelView
from storefront.orders.withdrawals import close_withdrawal, list_withdrawals


class Withdrawals(PanelView):
    """The list of statements, those that wait first."""

    def __init__(self) -> None:
        super().__init__(name="Withdrawals", category="Sales", endpoint="admin_withdrawals", url="/admin/withdrawals")

    @expose("/")
    def index(self) -> str:
        """Every statement, newest first within those that wait and those that do not."""
        rows = sorted(list_withdrawals(), key=lambda row: not row.is_open)
        page: str = self.render("admin/orders/withdrawals.html", rows=rows)
        return page

    @expose("/<statement_id>/closing", methods=("POST",))
    def close(self, statement_id: str) -> Response:
        """Note that a statement that waited is dealt with."""
        close_withdrawal(withdrawal_id=read_id(statement_id), actor=actor())
        flash("Noted. It waits no more.", "success")
        return redirect(url_for(".index"), 303)
