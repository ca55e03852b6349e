"""Gift cards in the panel: issued, listed, blocked. A code is shown once, to whoever issued the card."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime, time
from typing import Any

from flask import flash, make_response, redirect, request, url_for
from flask_admin import expose
from redis import RedisError
from wtforms import BooleanField, DateField
from wtforms.validators import Optional

from admin.access import actor
from admin.fields import AmountField, Required, line
from admin.forms import Form
from admin.views import Answer, PanelView
from storefront.accounts.forms import check_email
from storefront.foundation.errors import NotFound, ShopError
from storefront.foundation.headers import PRIVATE
from storefront.foundation.ids import new_token
from storefront.foundation.redis import client
from storefront.foundation.shop import facts
from storefront.notifications.errors import TransportError
from storefront.notifications.gift_cards import mail_gift_card
from storefront.payments.gift_cards import block_gift_card, find_gift_card, issue_gift_card, list_gift_cards

logger = logging.getLogger(__name__)
ONCE = 3600  # seconds in which the same form issues one card


class GiftCardForm(Form):
    """A new gift card."""

    amount = AmountField("Amount", [Required("Enter the amount it holds.")])
    recipient_email = line("For (e-mail address)", Optional(), check_email, most=254)
    is_mailed = BooleanField("Mail the code to this address")
    expires_on = DateField("Pays until", [Optional()], description="The last day, in UTC. Empty: without end.")
    note = line("Note", most=300, description="Only staff see it, such as why it was issued.")


class GiftCards(PanelView):
    """The list of gift cards and the page that issues one."""

    def __init__(self) -> None:
        super().__init__(name="Gift cards", category="Sales", endpoint="admin_gift_cards", url="/admin/gift-cards")

    @expose("/")
    def index(self) -> str:
        """The newest cards with what is left on them."""
        page: str = self.render("admin/gift_cards/list.html", rows=list_gift_cards())
        return page

    @expose("/new/", methods=("GET", "POST"))
    def issue(self) -> Answer:
        """Issue a card and show its code; the page that shows it is kept nowhere."""
        form, problem = GiftCardForm(request.form if request.method == "POST" else None), ""
        if request.method == "POST" and form.validate():
            if not form.amount.data:
                problem = "A gift card needs an amount above zero."
            elif form.is_mailed.data and not form.recipient_email.data:
                problem = "Enter the address that the code is mailed to."
            elif not _is_first(request.form.get("key", "")):
                flash("This form has issued its card already; a code is shown once.", "error")
                return redirect(url_for(".index"), 303)
            else:
                return self._issue(form)
        page: str = self.render("admin/gift_cards/new.html", form=form, problem=problem, key=new_token())
        return (page, 422) if request.method == "POST" else page

    @expose("/<card_id>/block", methods=("POST",))
    def block(self, card_id: str) -> Answer:
        """Keep a card from paying."""
        try:
            block_gift_card(gift_card_id=uuid.UUID(card_id), actor=actor())
        except ValueError:
            raise NotFound("There is no such gift card.") from None
        flash("The card cannot pay any more.", "success")
        return redirect(url_for(".index"), 303)

    def _issue(self, form: GiftCardForm) -> Answer:
        last_day = form.expires_on.data
        recipient = form.recipient_email.data or ""
        try:
            code = issue_gift_card(
                amount=form.amount.data or 0, note=form.note.data, recipient_email=recipient, actor=actor(),
                expires_at=datetime.combine(last_day, time.max, UTC) if last_day else None)
        except ShopError as error:
            return self.render("admin/gift_cards/new.html", form=form, problem=str(error), key=new_token()), 422
        card, problem = find_gift_card(code), ""
        if form.is_mailed.data:
            try:
                mail_gift_card(gift_card_id=card.id, code=code, recipient=recipient)
            except (TransportError, OSError, ShopError) as error:
                logger.warning("gift card not mailed", extra={"gift_card_id": str(card.id), "problem": str(error)})
                problem = "The mail could not leave. Hand the code over yourself: it cannot be shown again."
        said: dict[str, Any] = {"code": code, "card": card, "problem": problem, "is_mailed": form.is_mailed.data}
        response = make_response(self.render("admin/gift_cards/issued.html", **said))
        response.headers["Cache-Control"] = PRIVATE
        return response


def _is_first(key: str) -> bool:
    """Tell whether the form with the key is sent for the first time; with Redis away it counts as one."""
    try:
        return bool(client().set(f"gift-card-form:{facts().currency}:{key[:64]}", 1, nx=True, ex=ONCE))
    except (RedisError, OSError):
        return True
