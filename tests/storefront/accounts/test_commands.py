import re

from flask import Flask

from storefront.accounts.models import StaffMember
from storefront.accounts.services import check_staff_password
from storefront.foundation.database import db


def test_a_staff_account_gets_a_made_up_password_that_is_shown_once(app: Flask) -> None:  # security 25
    result = app.test_cli_runner().invoke(args=["accounts", "create-staff", "Sam@example.com", "--name", "Sam"])
    assert result.exit_code == 0
    password = re.search(r"Password \(shown this once\): (\S+)", result.output)
    assert password is not None
    assert check_staff_password(email="sam@example.com", password=password[1]).name == "Sam"


def test_a_given_password_is_read_from_standard_input_and_not_shown(app: Flask) -> None:
    result = app.test_cli_runner().invoke(
        args=["accounts", "create-staff", "sam@example.com", "--password-stdin"], input="a teapot of rain\n")
    assert result.exit_code == 0
    assert "teapot" not in result.output
    assert check_staff_password(email="sam@example.com", password="a teapot of rain")


def test_a_weak_password_and_a_second_account_are_refused(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    weak = run(args=["accounts", "create-staff", "sam@example.com", "--password-stdin"], input="password1\n")
    assert weak.exit_code == 1
    assert "guessed first" in weak.output
    assert run(args=["accounts", "create-staff", "nobody"]).exit_code == 1
    assert db.session.query(StaffMember).count() == 0
    assert run(args=["accounts", "create-staff", "sam@example.com"]).exit_code == 0
    again = run(args=["accounts", "create-staff", "sam@example.com"])
    assert again.exit_code == 1
    assert "already is a staff member" in again.output


def test_a_lost_staff_password_is_replaced(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    run(args=["accounts", "create-staff", "sam@example.com"])
    result = run(args=["accounts", "reset-staff", "sam@example.com", "--password-stdin"], input="a kettle of snow\n")
    assert result.exit_code == 0
    db.session.rollback()
    assert check_staff_password(email="sam@example.com", password="a kettle of snow").session_version == 2
