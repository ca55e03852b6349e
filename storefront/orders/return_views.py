"""The customer's pages about sending something back."""

from __future__ import annotations

from flask import flash, redirect, request
from werkzeug.wrappers import Response

from storefront.foundation.errors import NotFound, ShopError
from storefront.foundation.ids import new_uuid
from storefront.orders.forms import Chosen, one_line, read_key, read_quantities
from storefront.orders.pages import blueprint, current_actor, own_order, private_page
from storefront.orders.queries import OrderView
from storefront.orders.returns import cancel_return, request_return
from storefront.orders.story import CALLED_OFF, OrderStory, read_story

REASONS = ("It does not fit or suit", "It is not as it was described", "It arrived broken", "I ordered it by mistake",
           "Another reason")


@blueprint.get("/orders/<number>/returns/new")
def new_return(number: str) -> Response:
    """Show what can be sent back."""
    order = own_order(number)
    return _page(order, read_story(order.id))


@blueprint.post("/orders/<number>/returns")
def create_return(number: str) -> Response:
    """Ask to send something back."""
    order = own_order(number)
    story = read_story(order.id)
    chosen = read_quantities(request.form, story.returnable)
    if chosen.problems:
        return _page(order, story, chosen, "Please look at the numbers below.")
    said = one_line(request.form.get("reason"), 60), one_line(request.form.get("note"), 230)
    reason = ": ".join(filter(None, said))
    try:
        name = request_return(return_id=read_key(request.form.get("return_id")), order_id=order.id,
                              quantities=chosen.quantities, reason=reason, actor=current_actor())
    except ShopError as error:
        return _page(order, read_story(order.id), chosen, str(error))
    flash(f"We have your request {name} and answer it by mail, most often within a day.", "success")
    return redirect(order.url, 303)


@blueprint.post("/orders/<number>/returns/<name>/cancellation")
def call_off_return(number: str, name: str) -> Response:
    """Keep the goods after all."""
    order = own_order(number)
    found = [row for row in read_story(order.id).returns if row.number == name]
    if not found:
        raise NotFound("There is no such return of this order.")
    try:
        cancel_return(return_id=found[0].id, actor=current_actor(), reason=CALLED_OFF)
        flash(f"The return {name} is called off. You keep what you have.", "success")
    except ShopError as error:
        flash(str(error), "error")
    return redirect(order.url, 303)


def _page(order: OrderView, story: OrderStory, chosen: Chosen | None = None, problem: str = "") -> Response:
    """Show the form; what was typed stays in it."""
    return private_page("orders/return.html", 422 if problem else 200, order=order, story=story, problem=problem,
                        problems=chosen.problems if chosen else {}, reasons=REASONS, typed=request.form,
                        return_id=read_key(request.form.get("return_id")) if request.form else new_uuid())
