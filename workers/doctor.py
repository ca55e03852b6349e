"""`flask doctor`: looks at settings and connections and says what to do."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

import click
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask.cli import with_appcontext
from redis import RedisError
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from storefront.catalog.models import Product
from storefront.foundation import outbox
from storefront.foundation.clock import now
from storefront.foundation.commands import cause_of
from storefront.foundation.database import db
from storefront.foundation.page_marks import count_pages, count_waiting, list_failed_pages
from storefront.foundation.shop import facts
from storefront.notifications.errors import TransportError
from storefront.notifications.letter import sender
from storefront.notifications.transport import check_transport
from storefront.payments.gateways.registry import GATEWAYS, usual_offer
from storefront.search.facets_index import STATE
from storefront.search.models import FacetState, SearchIndex
from storefront.search.services import INDEX, SMALL, is_index_current
from storefront.search.tables import find_missing_tables
from storefront.shipping.carriers.registry import TRACKERS
from workers.queues import QUEUES, connect, has_worker

LATE = timedelta(minutes=2)  # an event that waits longer has no relay


@dataclass(frozen=True)
class Finding:
    """What one look found; `advice` is empty when nothing needs doing."""

    name: str
    said: str
    advice: str = ""


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
@with_appcontext
def command(as_json: bool) -> None:
    """Check settings and connections and say what to do; exit 1 when something needs doing.

    \b
    Example: flask doctor --json
    """
    findings = examine(current_app)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            click.echo(f"{'to do' if finding.advice else 'ok':<6}{finding.name:<10}{finding.said}")
            if finding.advice:
                click.echo(f"{'':<16}{finding.advice}")
    if any(finding.advice for finding in findings):
        raise SystemExit(1)


def examine(app: Flask) -> list[Finding]:
    """Return what each look found; a look that fails in a way of its own is a finding too."""
    found = []
    for look in LOOKS:
        db.session.rollback()  # what the look before met may have broken its transaction
        try:
            found += list(look(app))
        except (SQLAlchemyError, RedisError, OSError) as error:
            found.append(Finding(look.__name__.lstrip("_"), f"{type(error).__name__}: {cause_of(error)}",
                                 "Mend what stands above first."))
    return found


def _settings(app: Flask) -> Iterator[Finding]:
    settings = facts()
    said = f"{settings.site_name} at {settings.site_url}, {settings.currency}, {settings.locale}"
    if settings.is_demo:
        yield Finding("settings", f"{said}; demo mode")
    elif not settings.is_secure:
        yield Finding("settings", said, "Set SITE_URL to an https:// address: cookies travel in the clear without it.")
    elif not settings.trusted_hosts:
        yield Finding("settings", said, "Set TRUSTED_HOSTS to the host names that this shop answers to.")
    else:
        yield Finding("settings", said)


def _database(app: Flask) -> Iterator[Finding]:
    kind = db.engine.dialect.name
    try:
        db.session.execute(text("SELECT 1"))
        present = set(MigrationContext.configure(db.session.connection()).get_current_heads())
    except SQLAlchemyError as error:
        yield Finding("database", f"{kind}: {cause_of(error)}", "Start the database or correct DATABASE_URL.")
        return
    wanted = set(ScriptDirectory(app.root_path + "/migrations").get_heads())
    if present == wanted:
        yield Finding("database", f"{kind} answers and is up to date")
    else:
        yield Finding("database", f"{kind} answers, its tables are of {', '.join(present) or 'no migration'}",
                      "Run `flask db upgrade`.")


def _redis(app: Flask) -> Iterator[Finding]:
    connection = connect(app)
    try:
        connection.ping()
    except (RedisError, OSError) as error:
        yield Finding("redis", cause_of(error), "Start Redis or Valkey, or correct REDIS_URL. The shop sells "
                                                   "without it; mails and pictures wait.")
        return
    policy = str(connection.config_get("maxmemory-policy").get("maxmemory-policy", ""))
    if policy.startswith("allkeys"):
        yield Finding("redis", f"answers, maxmemory-policy is {policy}", "Set it to noeviction or volatile-lru: the "
                                                                         "queues must not be evicted.")
    else:
        yield Finding("redis", "answers")
        yield from _workers(app)


def _workers(app: Flask) -> Iterator[Finding]:
    connection = connect(app)
    idle = [name for name in QUEUES if not has_worker(name, connection)]
    if idle:
        yield Finding("workers", f"nobody works on {', '.join(idle)}",
                      "Start " + ", ".join(f"`flask worker run {name}`" for name in idle) + ".")
    else:
        yield Finding("workers", "every queue has one")


def _outbox(app: Flask) -> Iterator[Finding]:
    oldest = outbox.read_oldest_waiting()
    failed = outbox.list_failed_jobs()
    if oldest is not None and now() - oldest > LATE:
        yield Finding("outbox", f"an event waits since {oldest:%Y-%m-%d %H:%M} UTC",
                      "Start `flask worker relay`; the log of one that runs says what it waits for.")
    if failed:
        yield Finding("outbox", f"{len(failed)} jobs were given up, the last one: {failed[0].last_error}",
                      "Mend the cause, then `flask worker failed --retry`.")
    elif oldest is None or now() - oldest <= LATE:
        yield Finding("outbox", "nothing is late, nothing was given up")


def _mail(app: Flask) -> Iterator[Finding]:
    scheme = facts().smtp_url.partition(":")[0]
    try:
        sender()
        check_transport(facts().smtp_url)
    except ValueError:
        yield Finding("mail", "MAIL_FROM is no address", "Set MAIL_FROM, such as `My Shop <shop@my.example>`.")
    except TransportError as error:
        yield Finding("mail", f"{scheme}: {error}", "Start the mail server or correct SMTP_URL. Mails wait and are "
                                                    "sent when it answers.")
    else:
        if scheme == "maildir" and not facts().is_demo:
            yield Finding("mail", "mails are kept as files and reach nobody", "Set SMTP_URL to your mail server.")
        else:
            yield Finding("mail", f"{scheme} answers")


def _media(app: Flask) -> Iterator[Finding]:
    folder = facts().media_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            yield Finding("media", f"{folder} can be written")
    except OSError as error:
        yield Finding("media", f"{folder}: {error.strerror}", "Make the folder writable or set MEDIA_DIR.")


def _pages(app: Flask) -> Iterator[Finding]:
    folder = facts().pages_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        yield Finding("pages", f"{folder}: {error.strerror}", "Make the folder writable or set PAGES_DIR; until then "
                                                              "every page is rendered for its visitor.")
        return
    failed = list_failed_pages()
    if failed:
        address, problem = failed[0]
        yield Finding("pages", f"{len(failed)} cannot be rendered, such as {address}: {problem}",
                      "Mend the cause; they are tried again within the hour, or now by `flask pages render`.")
    else:
        yield Finding("pages", f"{folder} can be written, {count_pages()} pages, {count_waiting()} wait")


def _search(app: Flask) -> Iterator[Finding]:
    """Say what answers searches; a small shop gets its index by itself."""
    missing = find_missing_tables()
    if missing:
        yield Finding("search", f"the database lacks {', '.join(missing)}, so plain SQL answers, slower and forgiving "
                                "nothing, and lists have no filters", "Run `flask search rebuild`.")
        return
    is_current = is_index_current()
    index, facets = db.session.get(SearchIndex, INDEX), db.session.get(FacetState, STATE)
    if is_current and index and facets and facets.generation:
        yield Finding("search", f"{index.documents} products are in the index")
        return
    if index and index.serving and not is_current:
        said = "the index was made by another reading of words, so plain SQL answers, slower and forgiving nothing"
    elif is_current:
        said = "filters have no index, so lists come without them"
    else:
        said = "there is no index, so plain SQL answers, slower and forgiving nothing, and lists have no filters"
    is_large = len(db.session.scalars(select(Product.id).limit(SMALL + 1)).all()) > SMALL
    yield Finding("search", said if is_large else f"{said}; the worker of `default` makes it now, the shop is small",
                  "Run `flask search rebuild`." if is_large else "")


def _payments(app: Flask) -> Iterator[Finding]:
    methods = facts().payment_methods
    known = [code for code in GATEWAYS if code != "gift_card"]  # pays beside another method, never alone
    unknown = [method for method in methods if method not in known]
    if not methods:
        yield Finding("payments", "no way to pay", f"Set PAYMENT_METHODS, such as {' or '.join(known)}.")
    if unknown:
        yield Finding("payments", f"unknown: {', '.join(unknown)}", f"PAYMENT_METHODS may name {', '.join(known)}.")
    for method in methods:
        if method in known:
            yield _payment_method(method)


def _payment_method(method: str) -> Finding:
    gateway, settings = GATEWAYS[method], facts()
    lacking = gateway.missing_settings()
    if lacking:
        return Finding("payments", f"{method} is not offered: it needs {', '.join(lacking)}",
                       "Set what is named (docs/payments.md), or take it out of PAYMENT_METHODS.")
    if method == "demo" and not settings.is_demo:
        return Finding("payments", "demo takes no money", "Take `demo` out of PAYMENT_METHODS before you sell.")
    offer = usual_offer(settings.currency, settings.country)
    if not gateway.accepts(offer) and gateway.accepts(replace(offer, currency="CNY")):
        return Finding("payments", f"{method} is not offered: it takes CNY, and this shop sells for {offer.currency}",
                       "Take it out of PAYMENT_METHODS, or set DEFAULT_CURRENCY before you set prices.")
    doubt = _doubt(method)
    if doubt and not settings.is_demo:
        return Finding("payments", f"{method} is offered, but {doubt}", "Set the live values before you sell.")
    return Finding("payments", f"{method} is offered{f', but {doubt}' if doubt else ''}")


def _doubt(method: str) -> str:
    """Say which of the method's settings are for trying out only."""
    own = {name: value for name, value in facts().providers.items() if name.startswith(f"{method.upper()}_")}
    for name, value in own.items():
        if "_test_" in value[:12]:
            return f"{name} is a test key: no money moves"
        if name.endswith("_API_BASE") and ("sandbox" in value or not value.startswith("https://")):
            return f"{name} names {value}, which is no live provider"
    return ""


def _tracking(app: Flask) -> Iterator[Finding]:
    """Say who tells of parcels; staff always may, so that nobody does is no fault."""
    telling = [tracker.name for tracker in TRACKERS if not tracker.missing_settings()]
    if facts().providers.get("EASYPOST_API_KEY") and "EasyPost" not in telling:
        yield Finding("tracking", "EasyPost is asked to follow parcels, and what it tells is refused",
                      "Set EASYPOST_WEBHOOK_SECRET, and the same secret at EasyPost's webhook (docs/orders.md).")
    yield Finding("tracking", f"parcels are told of by {', '.join(telling)}")


LOOKS: tuple[Callable[[Flask], Iterator[Finding]], ...] = (
    _settings, _database, _redis, _outbox, _mail, _media, _pages, _search, _payments, _tracking)
