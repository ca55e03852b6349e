import pytest

from storefront.promotions.spelling import customer_key, new_code, normalize_code, normalize_for_limits

SAME_MAILBOX = [
    ("Ada@Example.com", "ada@example.com"),
    ("  ada@example.com ", "ada@example.com"),
    ("ada+shop@example.com", "ada@example.com"),
    ("ada+a+b@example.com", "ada@example.com"),
    ("A.d.a@gmail.com", "ada@gmail.com"),
    ("ada@googlemail.com", "ada@gmail.com"),
    ("a.da+x@GoogleMail.com", "ada@gmail.com"),
    ("ａda@example.com", "ada@example.com"),  # a full-width letter
    ("+only@example.com", "+only@example.com"),
]


@pytest.mark.parametrize(("typed", "expected"), SAME_MAILBOX)
def test_one_mailbox_counts_as_one_customer(typed: str, expected: str) -> None:
    assert normalize_for_limits(typed) == expected
    assert customer_key(typed) == customer_key(expected)


@pytest.mark.parametrize("other", ["a.da@example.com", "ada@example.org", "adam@example.com"])
def test_dots_count_where_the_provider_counts_them(other: str) -> None:
    assert customer_key(other) != customer_key("ada@example.com")


def test_no_address_is_nobody() -> None:
    assert customer_key("") == ""


@pytest.mark.parametrize(("typed", "kept"), [
    (" welcome10 ", "WELCOME10"), ("wel come-10", "WELCOME-10"), ("Ｗelcome_10", "WELCOME_10"),
    ("", ""), ("   ", ""), ("café", ""), ("10%", ""), ("'; --", ""), ("a" * 41, ""), ("a" * 40, "A" * 40),
    ("\0", ""), ("٣", ""),
])
def test_a_code_is_kept_in_capitals_without_spaces(typed: str, kept: str) -> None:
    assert normalize_code(typed) == kept


def test_generated_codes_are_spelled_as_codes_are_kept() -> None:
    codes = {new_code("SPRING") for _ in range(50)}
    assert len(codes) == 50
    assert all(normalize_code(code) == code and code.startswith("SPRING-") for code in codes)
