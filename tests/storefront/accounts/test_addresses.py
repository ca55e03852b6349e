import pytest
from flask import Flask

from storefront.accounts.addresses import (
    PostalAddress,
    as_fields,
    check_address,
    country_name,
    fields_for,
    format_lines,
    from_fields,
    list_countries,
)
from storefront.accounts.errors import InvalidAddress

pytestmark = pytest.mark.usefixtures("app")
ENNIS = PostalAddress(name="Ada Byrne", street="1 Main Street", city="Ennis", region="Co. Clare",
                      postal_code="V95 AB12", country="IE")


def problems(**said: str) -> dict[str, str]:
    with pytest.raises(InvalidAddress) as refusal:
        check_address(PostalAddress(**said))
    return refusal.value.problems


def test_a_country_says_its_own_fields_in_its_own_words() -> None:
    assert [(field.name, field.label, field.is_required) for field in fields_for("IE")] == [
        ("name", "Full name", True), ("company", "Company", False), ("street", "Street and number", True),
        ("street2", "Flat, floor, building", False), ("city", "Town or city", True), ("region", "County", False),
        ("postal_code", "Eircode", False)]
    assert [(field.name, field.label, field.is_required) for field in fields_for("US")][4:] == [
        ("city", "Town or city", True), ("region", "State", True), ("postal_code", "ZIP code", True)]
    assert [field.name for field in fields_for("DE")][4:] == ["postal_code", "city"]
    assert ("CA", "California") in fields_for("US")[5].choices


def test_every_country_has_fields_and_lines() -> None:
    for code, name in list_countries():
        names = [field.name for field in fields_for(code)]
        assert {"name", "street"} <= set(names), code
        lines = format_lines(PostalAddress(name="A B", street="Street 1", city="Town", country=code))
        assert lines[-1] == name, code
        assert "Street 1" in lines, code


def test_a_good_address_comes_back_trimmed() -> None:
    said = PostalAddress(**{**as_fields(ENNIS), "name": "  Ada \t Byrne\n", "postal_code": "v95 ab12"})
    assert check_address(said) == ENNIS


def test_each_missing_field_is_named() -> None:
    assert problems(country="US") == {
        "name": "Full name is missing.", "street": "Street and number is missing.", "city": "Town or city is missing.",
        "region": "State is missing.", "postal_code": "ZIP code is missing."}


@pytest.mark.parametrize(("country", "code"), [("US", "ABC"), ("US", "1234"), ("DE", "1234"), ("DE", "٣٣٣٣٣"),
                                               ("GB", "12345"), ("IE", "CLARE")])
def test_a_postal_code_that_the_country_cannot_have_is_told(country: str, code: str) -> None:
    found = problems(name="A", street="1", city="T", region="CA" if country == "US" else "", postal_code=code,
                     country=country)
    assert list(found) == ["postal_code"]
    assert "is not written like this. It looks like " in found["postal_code"]


def test_a_region_that_is_not_in_the_list_is_told() -> None:
    found = problems(name="A", street="1", city="T", region="Atlantis", postal_code="95014", country="US")
    assert found == {"region": "Choose the state from the list."}


@pytest.mark.parametrize("country", ["", "XX", "ZZ", "ie", "Ireland", "../../etc/passwd", "٣٣"])
def test_what_is_no_country_is_told(country: str) -> None:
    assert problems(name="A", street="1", city="T", country=country) == {
        "country": "Choose a country from the list."}


def test_a_field_left_over_from_another_country_is_dropped() -> None:
    said = PostalAddress(name="A", street="1", city="Bonn", region="Co. Clare", postal_code="53225", country="DE")
    assert check_address(said) == PostalAddress(name="A", street="1", city="Bonn", postal_code="53225", country="DE")


def test_a_field_too_long_for_a_label_is_told() -> None:
    found = problems(name="A" * 121, street="1", city="T", country="IE")
    assert found == {"name": "Full name is longer than 120 characters."}


def test_lines_are_written_as_the_country_does() -> None:
    assert format_lines(ENNIS) == ["Ada Byrne", "1 Main Street", "Ennis", "Co. Clare", "V95 AB12", "Ireland"]
    assert format_lines(as_fields(PostalAddress(
        name="Jo", company="Inc.", street="1 A St", street2="Apt 2", city="Reno", region="NV", postal_code="89501",
        country="US"))) == ["Jo", "Inc.", "1 A St", "Apt 2", "Reno, NV 89501", "United States"]
    cologne = {"name": "Eva", "street": "Weg 1", "city": "Köln", "postal_code": "50667", "country": "DE"}
    assert format_lines(cologne) == ["Eva", "Weg 1", "50667 Köln", "Germany"]


def test_an_address_of_a_country_that_is_no_more_still_prints() -> None:
    assert format_lines({"name": "Eva", "street": "Weg 1", "country": "YU"})[:2] == ["Eva", "Weg 1"]


def test_a_percent_sign_in_an_address_is_only_a_percent_sign() -> None:
    assert format_lines({"name": "Eva", "street": "%N%Z 5", "city": "%C", "country": "DE"}) == [
        "Eva", "%N%Z 5", "%C", "Germany"]


def test_unknown_keys_are_passed_over() -> None:
    assert from_fields({"name": "Eva", "is_staff": "1"}) == PostalAddress(name="Eva")


def test_countries_are_named_in_the_shops_language_and_sorted(app: Flask) -> None:
    assert list_countries(["IE", "DE", "US", "XX"]) == [("DE", "Germany"), ("IE", "Ireland"), ("US", "United States")]
    assert country_name("QQ") == "QQ"


def test_where_forms_ask_for_the_region_alone_the_town_goes_with_the_street() -> None:
    labels = {field.name: field.label for field in fields_for("JP")}
    assert labels["street"] == "Town, street and number"
    assert "city" not in labels
    assert {field.name: field.label for field in fields_for("SG")}["street"] == "Street and number"


def test_a_region_named_in_two_scripts_is_one_choice() -> None:
    region = next(field for field in fields_for("JP") if field.name == "region")
    assert region.choices[0] == ("北海道", "Hokkaido · 北海道")
    assert len(region.choices) == len(dict(region.choices)) == 47
