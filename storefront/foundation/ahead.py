"""Reading ahead: whoever renders many pages at once reads what they share a single time.

Inside `reading_ahead` every cached query is asked once and its answer kept for the batch, in this thread and past
the cache, so that nothing old comes from there. Answers can be put in before they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_answers: ContextVar[dict[Hashable, Any] | None] = ContextVar("answers", default=None)


@contextmanager
def reading_ahead() -> Iterator[None]:
    """Keep the answers of this batch until its end."""
    token = _answers.set({})
    try:
        yield
    finally:
        _answers.reset(token)


def read_answers() -> dict[Hashable, Any] | None:
    """Return the answers of this batch by what was asked; None outside of one."""
    return _answers.get()


def key_of(query: Callable[..., Any], *args: Any, **kwargs: Any) -> Hashable:
    """Return under what the answer of the query is kept; its arguments have a stable `repr`."""
    return query.__module__, query.__qualname__, repr((args, sorted(kwargs.items())))


def once(part: str, caller: Callable[[], str]) -> str:
    """Render a part that is the same on every page a single time for the batch: `{% call once("footer") %}`."""
    answers = _answers.get()
    if answers is None:
        return caller()
    if ("once", part) not in answers:
        answers["once", part] = caller()
    said: str = answers["once", part]
    return said


def prime(query: Callable[..., Any], *args: Any, answer: Any) -> None:
    """Put in what the query will answer in this batch."""
    answers = _answers.get()
    if answers is not None:
        answers[key_of(query, *args)] = answer
