import pytest
from flask import Flask

from storefront.accounts.errors import WeakPassword
from storefront.accounts.passwords import check_strength, hash_password, is_password, needs_rehash, new_password

pytestmark = pytest.mark.usefixtures("app")


@pytest.mark.parametrize("password", ["", "1234567", "a" * 129])
def test_length_is_the_only_shape_that_is_asked_for(password: str) -> None:  # security 21
    with pytest.raises(WeakPassword, match="characters"):
        check_strength(password)


@pytest.mark.parametrize("password", [
    "password", "Password1", "password123!", "PASSW0RD", "12345678", "87654321", "1234567890", "qwertyuiop",
    "Qwerty123", "iloveyou1", "letmein!!", "aaaaaaaa", "abababab", "abcdefgh", "administrator", "1q2w3e4r",
    "ada@example.com", "ADA@example.com", "example.com", "plainsong2026",
])
def test_the_first_guesses_are_refused(password: str) -> None:  # security 21
    with pytest.raises(WeakPassword, match="guessed first"):
        check_strength(password, "ada@example.com")


@pytest.mark.parametrize("password", [
    "eight ch", "kdjf93kd", "a teapot of rain", "пароль от чая", "x9z" * 42, "   spaces   "])
def test_no_composition_is_asked_for(password: str) -> None:  # security 21
    check_strength(password, "ada@example.com")


def test_hashes_are_argon2id_at_owasps_parameters(app: Flask) -> None:  # security 21
    del app.config["PASSWORD_COST"]
    made = hash_password("a teapot of rain")
    assert made.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert is_password("a teapot of rain", made)
    assert not is_password("a teapot of rain ", made)
    assert made != hash_password("a teapot of rain")


def test_no_hash_is_nobodys_password_but_costs_the_same_work() -> None:
    assert not is_password("a teapot of rain", None)
    assert not is_password("a teapot of rain", "not a hash")


def test_a_hash_of_another_cost_is_to_be_made_anew(app: Flask) -> None:
    cheap = hash_password("a teapot of rain")
    assert not needs_rehash(cheap)
    app.config["PASSWORD_COST"] = (2, 64, 1)
    assert needs_rehash(cheap)


def test_made_up_passwords_are_long_and_different() -> None:  # security 25
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(password) == 27 for password in made)
    for password in made:
        check_strength(password)
