"""Web server, worker and relay killed at the worst moment of buying: nothing is lost, nothing happens twice."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from storefront.payments.models import DemoIntent
from tests.factories.catalog import make_product
from tests.factories.checkout import make_checkout, pay
from tests.faults.processes import eventually
from tests.faults.walks import (
    answer_provider,
    bank_says_yes,
    count,
    is_quiet,
    let_minutes_pass,
    let_polls_be_due,
    only,
    orders,
    payments,
    press,
    reach_bank,
    reach_review,
    states,
)
from tests.faults.world import World
from tests.journeys.walk import path_of
from tests.storefront.inventory.test_services import stock

PAID = ("placed", "captured")


@pytest.mark.parametrize("moment", ["payment-created-at-provider:kill", "before-commit:kill@3", "after-commit:kill@2"])
def test_web_killed_while_it_opens_the_payment_and_the_button_pressed_again(world: World, moment: str) -> None:
    """# fault 1. Red without the demo provider's look-up by idempotency key: two intents, one never paid."""
    make_product(slug="bowl")
    world.start_web()
    visitor = world.visitor()
    button = reach_review(visitor)
    world.aim(moment)
    assert press(visitor, "/checkout/order", button) is None
    assert not world.is_aimed()
    world.wait_for_web()
    pages = [path_of(visitor.post("/checkout/order", data=button).location) for _ in range(2)]
    assert pages[0] == pages[1]
    assert (len(orders()), len(payments()), count(DemoIntent)) == (1, 1, 1)
    assert only(payments()).redirect_url.endswith(pages[0])


@pytest.mark.parametrize("moment", ["settle-fetched:kill", "before-commit:kill"])
def test_web_killed_between_capture_and_order_and_the_sweeper_finds_the_money(world: World, moment: str) -> None:
    """# fault 2. Red without settle_pending in workers/schedule.py: the order stays pending."""
    bowl = make_product(slug="bowl").variant_id
    world.start_web()
    visitor = world.visitor()
    back = answer_provider(visitor, reach_bank(visitor))
    world.aim(moment)
    assert press(visitor, back) is None
    assert states() == [("pending", "pending")]
    let_polls_be_due()
    world.start("flask", "worker", "schedule")
    eventually(lambda: states() == [PAID], "the sweep")
    assert stock(bowl) == (10, 0, 1)
    world.wait_for_web()
    assert visitor.get(back).location.split("?")[0].endswith(only(orders()).number)


def test_settling_killed_at_seeded_points_and_swept(
        world: World, dice: random.Random, rounds: Callable[[int, int], int]) -> None:
    """# fault 2. Red when mark_captured commits before place_order: paid but not placed, and the audit says so."""
    turns = rounds(4, 200)
    bowl = make_product(slug="bowl", stock=turns).variant_id
    for _ in range(turns):
        pay(make_checkout({bowl: 1}))
        payment = payments()[-1]
        bank_says_yes(payment)
        world.aim(f"*:kill@{dice.randint(1, 4)}")
        world.call("tests.faults.deeds.settle", payment_id=payment.id).wait()
        world.disarm()
    let_polls_be_due()
    assert world.call("tests.faults.deeds.sweep").wait() == 0
    assert states() == [PAID] * turns
    assert stock(bowl) == (turns, 0, turns)


@pytest.mark.parametrize("moment", ["events-relayed:kill", "jobs-claimed:kill", "after-commit:kill"])
def test_killed_after_the_order_and_before_its_mail_and_the_mail_comes_once(world: World, moment: str) -> None:
    """# fault 3. Red when claim_jobs leaves out what was handed over before: the mail never comes."""
    make_product(slug="bowl")
    world.start_web()
    visitor = world.visitor()
    back = answer_provider(visitor, reach_bank(visitor))
    if moment.startswith("after-commit"):
        world.aim(moment)  # the web server dies the moment the order is written
        assert press(visitor, back) is None
    else:
        visitor.get(back)
        world.aim(moment)
        assert world.start("flask", "worker", "relay").wait() == -9
    assert states() == [PAID]
    assert world.postbox.letters == []
    let_minutes_pass()
    world.start_behind("mail", "default")
    eventually(is_quiet, "the end of all jobs")
    assert len(world.postbox.letters) == 1
