import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import Message

import pytest
from sqlalchemy import func, select

from storefront.foundation.database import db
from storefront.payments.gift_cards import find_gift_card
from storefront.payments.models import GiftCard
from storefront.promotions.models import Promotion, PromotionCode
from storefront.promotions.terms import AmountOff, BuyGet, Conditions, Goods, read_benefit, read_conditions
from tests.admin.conftest import Panel, problems_of
from tests.factories.catalog import make_product
from tests.factories.promotions import make_code, make_promotion

NEW = "/admin/promotions/new/"


def form(**said: str | list[str]) -> dict[str, str | list[str]]:
    return {"name": "Autumn", "title": "Autumn sale", "kind": "percent_off", "percent": "10", "lane": "5",
            "priority": "0", "is_active": "y", **said}


def only_promotion() -> Promotion:
    db.session.rollback()
    return db.session.scalars(select(Promotion)).one()


def test_what_the_form_says_is_what_is_saved_and_shown_again(staff: Panel) -> None:
    book = make_product(slug="day-book", categories=("paper",))
    staff.post(NEW, form(kind="buy_get", percent="100", buy="2", get="1", limit="3", products="day-book",
                         starts_at="2026-11-01T00:00", ends_at="2026-12-01T08:30", minimum_amount="12.50",
                         minimum_quantity="3", is_first_order="y", needs_code="y", lane="2", priority="7"))
    row = only_promotion()
    assert read_benefit(row.benefit) == BuyGet(2, 1, 10_000, None, 3)
    assert read_conditions(row.conditions) == Conditions(Goods((book.id,)), 1250, 3, True)
    assert (row.lane, row.priority, row.needs_code) == (2, 7, True)
    assert (row.starts_at, row.ends_at) == (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, 8, 30, tzinfo=UTC))
    shown = staff.form_of(f"/admin/promotions/{row.id}/")
    assert (shown["percent"], shown["minimum_amount"], shown["starts_at"]) == (["100"], ["12.50"], ["2026-11-01T00:00"])
    sent = {name: value for name, value in shown.items() if "categories" not in name}  # none of them is chosen
    staff.post(f"/admin/promotions/{row.id}/", sent)
    again = only_promotion()
    assert read_benefit(again.benefit) == BuyGet(2, 1, 10_000, None, 3)
    assert "Autumn sale" in staff.get("/admin/promotions/")


REFUSED = [
    ({"percent": ""}, "Enter a percentage above 0."),
    ({"percent": "101"}, "Enter a percentage from 0 to 100"),
    ({"percent": "-5"}, "Enter a percentage from 0 to 100"),
    ({"kind": "amount_off", "amount": ""}, "Enter the amount to take off."),
    ({"kind": "amount_off", "amount": "-1"}, "is not an amount"),
    ({"kind": "buy_get", "buy": "2", "get": ""}, "Say how many are then given."),
    ({"products": "no-such-thing"}, "There is no product no-such-thing."),
    ({"starts_at": "2026-12-01T00:00", "ends_at": "2026-11-01T00:00"}, "This is not after its start: choose"),
    ({"name": " "}, "Give it a name"),
    ({"lane": "10"}, "Choose from the list"),
]


@pytest.mark.parametrize(("said", "sentence"), REFUSED)
def test_what_makes_no_promotion_is_refused_kindly_and_nothing_typed_is_lost(
    staff: Panel, said: dict[str, str], sentence: str
) -> None:
    page = staff.post(NEW, form(title="Kept as typed", **said), status=422).text
    assert sentence in " ".join(problems_of(page))
    assert "Kept as typed" in page
    assert db.session.scalar(select(func.count()).select_from(Promotion)) == 0


def test_codes_are_added_made_and_limited(staff: Panel) -> None:
    promotion_id = make_promotion(AmountOff(500), needs_code=True)
    at = f"/admin/promotions/{promotion_id}"
    staff.post(f"{at}/codes", {"code": "welcome 5", "usage_limit": "9", "per_customer_limit": "1"})
    assert "There is a code WELCOME5 already." in staff.post(f"{at}/codes", {"code": "WELCOME5"}, status=422).text
    staff.post(f"{at}/codes/batch", {"batch-count": "7", "batch-prefix": "SPRING", "batch-usage_limit": "1"})
    codes = db.session.scalars(select(PromotionCode.code).order_by(PromotionCode.id)).all()
    assert codes[0] == "WELCOME5"
    assert len(codes) == 8
    assert all(re.fullmatch(r"SPRING-[0-9A-Z]{8}", code) for code in codes[1:])
    code_id = db.session.scalar(select(PromotionCode.id).where(PromotionCode.code == "WELCOME5"))
    staff.post(f"{at}/codes/{code_id}", {"usage_limit": "20", "per_customer_limit": ""})
    db.session.rollback()
    row = db.session.get_one(PromotionCode, code_id)
    assert (row.usage_limit, row.per_customer_limit, row.is_active) == (20, None, False)


def test_a_limit_that_cannot_be_read_changes_nothing(staff: Panel) -> None:
    code_id = make_code(usage_limit=5)
    promotion_id = only_promotion().id
    staff.post(f"/admin/promotions/{promotion_id}/codes/{code_id}", {"usage_limit": "many", "is_active": "y"})
    db.session.rollback()
    assert db.session.get_one(PromotionCode, code_id).usage_limit == 5
    assert "Enter a whole number" in staff.get(f"/admin/promotions/{promotion_id}/")
    for path in (f"{promotion_id}/codes/{2**70}", f"{promotion_id}/codes/{code_id + 1}", f"999/codes/{code_id}"):
        staff.post(f"/admin/promotions/{path}", {"usage_limit": "9", "is_active": "y"}, status=404)
    db.session.rollback()
    assert db.session.get_one(PromotionCode, code_id).usage_limit == 5


@pytest.mark.parametrize("path", ["/admin/promotions/999/", f"/admin/promotions/{2**40}/"])
def test_an_unknown_promotion_is_not_found(staff: Panel, path: str) -> None:
    staff.get(path, 404)


def test_a_gift_card_s_code_is_shown_once_and_mailed(staff: Panel, mailbox: Callable[[], list[Message]]) -> None:
    key = staff.form_of("/admin/gift-cards/new/")["key"][0]
    said = {"amount": "25.00", "recipient_email": "bea@example.org", "is_mailed": "y", "key": key, "note": "a prize"}
    shown = staff.post("/admin/gift-cards/new/", said, status=200)
    code = re.search(r'class="gift-code">([0-9A-Z-]+)<', shown.text)
    assert code is not None
    assert "no-store" in shown.headers["Cache-Control"]
    assert find_gift_card(code[1]).balance.amount == 2500
    [mail] = mailbox()
    assert mail["To"] == "bea@example.org"
    parts = [str(part.get_payload(decode=True), "utf-8") for part in mail.walk() if not part.is_multipart()]
    assert all(code[1] in part for part in parts)
    staff.post("/admin/gift-cards/new/", said)  # the same form again
    assert db.session.scalar(select(func.count()).select_from(GiftCard)) == 1
    page = staff.get("/admin/gift-cards/")
    assert code[1][-4:] in page
    assert code[1] not in page


@pytest.mark.parametrize(("said", "sentence"), [
    ({"amount": "0"}, "above zero"), ({"amount": ""}, "Enter the amount"), ({"amount": "1e9"}, "is not an amount"),
    ({"amount": "5", "is_mailed": "y"}, "Enter the address"), ({"amount": "5", "recipient_email": "no"}, "address"),
    ({"amount": "5", "expires_on": "2020-01-01"}, "This day is over"),
    ({"amount": "10000.01"}, "A gift card holds at most €10,000.00."), ({"amount": "99999999999"}, "at most €10,000"),
    ({"amount": "5", "expires_on": "soon"}, "Enter a day of the calendar, such as 2026-12-24."),
])
def test_a_gift_card_form_that_does_not_fit_issues_nothing(staff: Panel, said: dict[str, str], sentence: str) -> None:
    assert sentence in staff.post("/admin/gift-cards/new/", said, status=422).text
    assert db.session.scalar(select(func.count()).select_from(GiftCard)) == 0


def test_a_blocked_card_pays_no_more(staff: Panel) -> None:
    staff.post("/admin/gift-cards/new/", {"amount": "5", "key": "k"}, status=200)
    card_id = db.session.scalar(select(GiftCard.id))
    staff.post(f"/admin/gift-cards/{card_id}/block")
    db.session.rollback()
    assert db.session.get_one(GiftCard, card_id).is_blocked
