"""How every form of an order's page is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, url_for

from admin.views import Answer
from storefront.foundation.errors import NotFound, ShopError


class Actions:
    """A form of the page calls a service; what it did is said on the page that follows."""

    def page(self, number: str, status: int = 200, **forms: Any) -> Answer:
        """Render the order's page."""
        raise NotImplementedError

    def answer(self, number: str, work: Callable[[], str] | None, **forms: Any) -> Answer:
        """Do the work and lead back to the order with its sentence; None says that the form needs a look.

        A refusal shows the page again with what was typed.
        """
        problem = ""
        if work is not None:
            try:
                flash(work(), "success")
                return redirect(url_for(".show", number=number), 303)
            except NotFound:
                raise
            except ShopError as error:
                problem = str(error)
        return self.page(number, 422, problem=problem, **forms)

    def answer_button(self, number: str, work: Callable[[], str]) -> Answer:
        """Do what a button without fields asks for; a refusal is said on the page that follows."""
        try:
            flash(work(), "success")
        except NotFound:
            raise
        except ShopError as error:
            flash(str(error), "error")
        return redirect(url_for(".show", number=number), 303)
