import pytest

from storefront.accounts.emails import normalize_email
from storefront.accounts.errors import InvalidEmail


@pytest.mark.parametrize(("text", "email"), [
    ("Ada@Example.com", "ada@example.com"),
    ("  ada@example.com \n", "ada@example.com"),
    ("ada+shop@example.com", "ada+shop@example.com"),
    ("ADA.B@bücher.example", "ada.b@bücher.example"),
    ("Zoe\u0308@example.com", "zoë@example.com"),
])
def test_one_person_writes_one_address(text: str, email: str) -> None:
    assert normalize_email(text) == email


@pytest.mark.parametrize("text", ["", "ada", "ada@", "@example.com", "ada@example", "ada b@example.com",
                                  "ada@exa mple.com", "ada@example.com, eve@example.com", "a" * 250 + "@example.com",
                                  "ada@example.com\nBcc: eve@example.com", "Ada <ada@example.com>"])
def test_what_no_mail_can_reach_is_refused(text: str) -> None:
    with pytest.raises(InvalidEmail):
        normalize_email(text)
