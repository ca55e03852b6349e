"""Commands of accounts."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from storefront.accounts.passwords import new_password
from storefront.accounts.services import change_staff_password, create_staff
from storefront.foundation.errors import ShopError

group = AppGroup("accounts", help="Staff accounts, such as `flask accounts create-staff ada@example.com`.")


@group.command("create-staff")
@click.argument("email")
@click.option("--name", default="", help="What colleagues call them.")
@click.option("--password-stdin", is_flag=True, help="Read the password's first line from standard input.")
def create_staff_member(email: str, name: str, password_stdin: bool) -> None:
    """Open a staff account for EMAIL; without --password-stdin a password is made up and printed once.

    Example: flask accounts create-staff ada@example.com --name "Ada Byrne"
    """
    password = _read_password(password_stdin)
    try:
        create_staff(email=email, password=password, name=name)
    except ShopError as error:
        raise click.ClickException(str(error)) from None
    _tell(email, password, password_stdin, "has a staff account")


@group.command("reset-staff")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password's first line from standard input.")
def reset_staff_member(email: str, password_stdin: bool) -> None:
    """Give the staff member EMAIL a new password and end their sessions.

    Example: flask accounts reset-staff ada@example.com
    """
    password = _read_password(password_stdin)
    try:
        change_staff_password(email=email, password=password)
    except ShopError as error:
        raise click.ClickException(str(error)) from None
    _tell(email, password, password_stdin, "has a new password")


def _read_password(from_stdin: bool) -> str:
    return sys.stdin.readline().rstrip("\r\n") if from_stdin else new_password()


def _tell(email: str, password: str, was_given: bool, what: str) -> None:
    click.echo(f"{email} {what}. Sign in at /admin/.")
    if not was_given:
        click.echo(f"Password (shown this once): {password}")
