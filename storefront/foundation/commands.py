"""What all commands of `flask …` share: what the database refuses and what is logged is said to a person."""

from __future__ import annotations

import copy
import logging
import sys
from collections.abc import Iterable
from functools import partial
from typing import Any

import click
from flask import Flask
from sqlalchemy.exc import OperationalError, ProgrammingError

SERVERS = ("worker",)  # their log is what they are for
LOGGERS = ("storefront", "admin", "workers", "demo")
PLAINLY = {"cache away": "Redis does not answer; what it keeps for pages may be old until it is back"}


def install_commands(app: Flask, commands: Iterable[click.Command]) -> None:
    """Add the commands to `flask`."""
    for command in commands:
        told = copy.copy(command)
        told.invoke = partial(_invoke, command)  # type: ignore[method-assign]
        app.cli.add_command(told)


def cause_of(error: Exception) -> str:
    """Return the first line of what a server or the system said, without the statement and the values in it."""
    return (str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__])[0]


def refusal_of(error: OperationalError | ProgrammingError) -> str:
    """Return the sentence for what the database refuses."""
    return f"The database refuses: {cause_of(error)}. `flask db upgrade` makes its tables"


def _invoke(command: click.Command, context: click.Context) -> Any:
    if sys.stderr.isatty() and command.name not in SERVERS:
        _speak_plainly()
    try:
        return command.invoke(context)
    except (OperationalError, ProgrammingError) as error:
        raise click.ClickException(f"{refusal_of(error)}.") from error


def _speak_plainly() -> None:
    """Let warnings be lines for a person, each said once; records of machines go to files and pipes."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.WARNING)
    handler.setFormatter(_Plain())
    handler.addFilter(_Once())
    for name in LOGGERS:
        logging.getLogger(name).handlers = [handler]


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        said = next((words for begin, words in PLAINLY.items() if message.startswith(begin)), message)
        problem = getattr(record, "problem", "")
        return f"{record.levelname.capitalize()}: {said}{f': {problem}' if problem else ''}."


class _Once(logging.Filter):
    def __init__(self) -> None:
        super().__init__()
        self.said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        is_new = record.getMessage() not in self.said
        self.said.add(record.getMessage())
        return is_new
