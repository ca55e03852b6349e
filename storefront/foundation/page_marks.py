"""Which pages are to be rendered anew: what was touched, and for each page the version that is wanted.

Both tables only ever grow marks: touching twice is touching once more (a version counts it), so ten thousand
changes of one product are one row here and one rendering. Whoever renders claims pages for a while, renders
outside of any transaction, and puts a page in its place only while what it claimed is still what is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Index, String, Text, and_, case, delete, func, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from storefront.foundation.clock import UtcDateTime, now
from storefront.foundation.database import Model, db, execute_counted, transactional

MAX_ADDRESS = 500
CHUNK = 500  # rows of one statement; SQLite takes 32,766 values
LEASE = timedelta(seconds=30)  # for which a page is its claimer's; a worker that was killed loses it then
LONGEST_PAUSE = timedelta(hours=1)  # between tries of a page that cannot be rendered
# How soon a page is wanted; a rebuild of everything never keeps a single change waiting.
REBUILD, SHOWN, OWN = 0, 1, 2


class PageSubject(Model):
    """Something that pages show and that changed: `product:12`, `category:3`, `home`, `all`."""

    __tablename__ = "foundation_page_subject"
    subject: Mapped[str] = mapped_column(String(MAX_ADDRESS), primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    lies: Mapped[bool]  # what pages say of price or stock may be wrong: their files go before anything else
    touched_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Page(Model):
    """A public page: the version that is wanted and the one that lies in its file."""

    __tablename__ = "foundation_page"
    address: Mapped[str] = mapped_column(String(MAX_ADDRESS), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    wanted: Mapped[int] = mapped_column(default=1)
    rendered: Mapped[int] = mapped_column(default=0)
    urgency: Mapped[int] = mapped_column(default=REBUILD)
    heat: Mapped[int] = mapped_column(default=0)  # views; halved each day
    marked_at: Mapped[datetime] = mapped_column(UtcDateTime)  # since when its file is not what is wanted
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)  # claimed or failed: not before this
    rendered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    build: Mapped[str] = mapped_column(String(20), default="")  # of templates and assets, when it was rendered
    tries: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(Text, default="")
    __table_args__ = (
        Index("ix_foundation_page_waiting", "urgency", "heat", sqlite_where=rendered < wanted,
              postgresql_where=rendered < wanted),
        Index("ix_foundation_page_rendered_at", "rendered_at"),
    )


CURRENT = (Page.rendered == Page.wanted, Page.rendered > 0)  # its file is what is wanted

@dataclass(frozen=True, slots=True)
class Touch:
    """The subject that an event touches, with the names of its payload in braces; see PageSubject.lies."""

    subject: str
    lies: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """A touched subject as it was read; it is done with only while its version is the same."""

    name: str
    version: int
    lies: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """An address to render: how soon, and whether its file must go at once. `delay` lets marks gather."""

    kind: str
    urgency: int = SHOWN
    lies: bool = False
    delay: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Claim:
    """A page that is the caller's to render for LEASE, at the version that was wanted then."""

    address: str
    kind: str
    version: int


def is_page_work_waiting() -> bool:
    """Tell whether a subject or a page is due; reads only."""
    subject = select(PageSubject.subject).limit(1)
    page = select(Page.address).where(*_due()).limit(1)
    return db.session.scalar(subject) is not None or db.session.scalar(page) is not None


@transactional
def touch(*, subjects: Mapping[str, bool]) -> None:
    """Note what changed (subject → whether files lie now); joins the transaction that relays the events."""
    moment = now()
    rows = [{"subject": name[:MAX_ADDRESS], "version": 1, "lies": lies, "touched_at": moment}
            for name, lies in sorted(subjects.items())]  # in one order everywhere: no deadlock
    for part in _chunks(rows):
        statement = _insert(PageSubject).values(part)
        db.session.execute(statement.on_conflict_do_update(
            index_elements=[PageSubject.subject],
            set_={"version": PageSubject.version + 1, "lies": or_(PageSubject.lies, statement.excluded.lies)}))


def read_subjects(limit: int, lying_since: datetime | None = None) -> list[Subject]:
    """Return touched subjects, those whose files lie first, then the oldest; or those alone that lie since then."""
    rows = (select(PageSubject.subject, PageSubject.version, PageSubject.lies)
            .order_by(PageSubject.lies.desc(), PageSubject.touched_at, PageSubject.subject).limit(limit))
    if lying_since is not None:
        rows = rows.where(PageSubject.lies, PageSubject.touched_at <= lying_since)
    return [Subject(*row) for row in db.session.execute(rows)]


@transactional
def mark_pages(*, marks: Mapping[str, Mark], done: Iterable[Subject] = (),
               remove: Callable[[str], object] = lambda address: None) -> None:
    """Want a new version of each address, remove the files that lie, and forget the subjects that led here.

    Files go while the rows are held: no older version can take their place, and a newer one is not lost.
    """
    moment = now()
    rows = [{"address": address, "kind": mark.kind, "wanted": 1, "rendered": 0, "urgency": mark.urgency, "heat": 0,
             "marked_at": moment, "due_at": moment + mark.delay, "build": "", "tries": 0, "last_error": ""}
            for address, mark in sorted(marks.items()) if len(address) <= MAX_ADDRESS]
    for part in _chunks(rows):
        statement = _insert(Page).values(part)
        db.session.execute(statement.on_conflict_do_update(
            index_elements=[Page.address], set_=_want_again(statement.excluded.urgency, statement.excluded.due_at)))
    for address, mark in marks.items():
        if mark.lies:
            remove(address)
    for part in _chunks(sorted((subject.name, subject.version) for subject in done)):
        db.session.execute(delete(PageSubject).where(tuple_(PageSubject.subject, PageSubject.version).in_(part)))


@transactional
def take_away(*, marks: Mapping[str, Mark], subjects: Iterable[Subject], remove: Callable[[str], object]) -> None:
    """Remove the files that lie because of these subjects, which still wait for whoever renders."""
    mark_pages(marks={address: mark for address, mark in marks.items() if mark.lies}, remove=remove)
    for part in _chunks(sorted((subject.name, subject.version) for subject in subjects)):
        seen = tuple_(PageSubject.subject, PageSubject.version).in_(part)
        execute_counted(update(PageSubject).where(seen).values(lies=False))


@transactional
def outrun(*, addresses: Iterable[str], remove: Callable[[str], object]) -> None:
    """Take away the pages' files that the caller's commit has just made lie, ahead of the relay.

    Whoever renders one at this moment may have read what was there before: that version is not wanted any more.
    """
    for part in _chunks(sorted(addresses)):
        rows = select(Page.address).where(Page.address.in_(part)).order_by(Page.address).with_for_update()
        held = db.session.scalars(rows).all()
        execute_counted(update(Page).where(Page.address.in_(held)).values(_want_again(OWN, now())))
        for address in part:
            remove(address)


@transactional
def mark_all() -> int:
    """Want a new version of every page there is, one after the other in the order of heat; returns how many."""
    return execute_counted(update(Page).values(_want_again(REBUILD, now())))


@transactional
def mark_other_build(*, build: str, before: datetime) -> int:
    """Want anew what another build rendered before the moment; returns how many pages."""
    return execute_counted(update(Page).where(*CURRENT, Page.build != build, Page.rendered_at < before)
                           .values(_want_again(REBUILD, now())))


@transactional
def mark_old(*, before: datetime, limit: int) -> int:
    """Want anew at most `limit` pages of what was rendered before the moment, hottest first; returns how many."""
    old = (select(Page.address).where(*CURRENT, Page.rendered_at < before)
           .order_by(Page.heat.desc(), Page.rendered_at, Page.address).limit(limit))
    return execute_counted(update(Page).where(Page.address.in_(old)).values(_want_again(REBUILD, now())))


@transactional
def claim_pages(*, limit: int) -> list[Claim]:
    """Take pages that wait, the most urgent and hottest first, for LEASE; nobody else gets them meanwhile.

    All of one urgency: a product's own page is in its place before the lists that show it are begun.
    """
    waiting = (select(Page.address, Page.urgency).where(*_due()).limit(limit).with_for_update(skip_locked=True)
               .order_by(Page.urgency.desc(), Page.heat.desc(), Page.marked_at, Page.address))
    found = db.session.execute(waiting).all()
    addresses = [address for address, urgency in found if urgency == found[0][1]]
    if not addresses:
        return []
    taken = update(Page).where(Page.address.in_(addresses)).values(due_at=now() + LEASE)
    rows = db.session.execute(taken.returning(Page.address, Page.kind, Page.wanted),
                              execution_options={"synchronize_session": False}).all()
    place = {address: number for number, address in enumerate(addresses)}
    return sorted((Claim(*row) for row in rows), key=lambda claim: place[claim.address])


@transactional
def publish_pages(*, claims: Sequence[Claim], build: str, started_at: datetime,
                  put: Callable[[Collection[str]], object]) -> set[str]:
    """Put those pages in place whose claimed version is still wanted, and return their addresses.

    The rows are held while `put` renames the files: of two renderings the newer stays, whichever comes last.
    """
    held = db.session.execute(
        select(Page.address, Page.wanted).where(Page.address.in_([claim.address for claim in claims]))
        .order_by(Page.address).with_for_update()).all()
    wanted = {address: version for address, version in held}  # noqa: C416  # of Rows
    fresh = {claim.address for claim in claims if wanted.get(claim.address) == claim.version}
    if not fresh:
        return fresh
    put(fresh)
    execute_counted(update(Page).where(Page.address.in_(fresh)).values(
        rendered=Page.wanted, rendered_at=started_at, build=build, urgency=REBUILD, tries=0, last_error=""))
    return fresh


@transactional
def forget_pages(*, claims: Sequence[Claim], remove: Callable[[str], object]) -> None:
    """Drop pages that are no more, with their files, unless somebody wanted them anew meanwhile."""
    pairs = sorted((claim.address, claim.version) for claim in claims)
    seen = tuple_(Page.address, Page.wanted).in_(pairs)
    addresses = db.session.scalars(select(Page.address).where(seen).order_by(Page.address).with_for_update()).all()
    for address in addresses:
        remove(address)
    db.session.execute(delete(Page).where(Page.address.in_(addresses)))


@transactional
def fail_pages(*, errors: Mapping[str, str]) -> None:
    """Note why pages could not be rendered; each try waits longer for the next, an hour at most."""
    rows = db.session.scalars(select(Page).where(Page.address.in_(errors)).order_by(Page.address).with_for_update())
    for row in rows:
        row.tries, row.last_error = row.tries + 1, errors[row.address][:2000]
        row.due_at = now() + min(timedelta(seconds=5 * 2 ** min(row.tries, 20)), LONGEST_PAUSE)


def count_waiting() -> int:
    """Return how many pages wait to be rendered, those that failed and wait for their next try left out."""
    waiting = select(func.count()).select_from(Page).where(Page.rendered < Page.wanted, Page.last_error == "")
    return db.session.scalar(waiting) or 0


def count_pages() -> int:
    """Return how many pages there are."""
    return db.session.scalar(select(func.count()).select_from(Page)) or 0


def list_addresses(*, is_rendered: bool = False) -> dict[str, str]:
    """Return the kind of every page by its address, or of those alone that should have a file."""
    rows = select(Page.address, Page.kind).where(*(CURRENT if is_rendered else ()))
    return {address: kind for address, kind in db.session.execute(rows)}  # noqa: C416  # of Rows


def list_failed_pages(limit: int = 100) -> list[tuple[str, str]]:
    """Return (address, why) of pages whose last try failed, hottest first."""
    rows = db.session.execute(select(Page.address, Page.last_error).where(Page.last_error != "")
                              .order_by(Page.heat.desc(), Page.address).limit(limit))
    return [(address, problem) for address, problem in rows]


def _due() -> tuple[ColumnElement[bool], ...]:
    return Page.rendered < Page.wanted, Page.due_at <= now()


def _want_again(urgency: Any, due_at: Any) -> dict[Any, Any]:
    """The columns of a page that was touched; whoever renders it at this moment does so in vain."""
    is_waiting = Page.rendered < Page.wanted
    return {
        "wanted": Page.wanted + 1, "tries": 0,
        "due_at": case((and_(is_waiting, Page.due_at < due_at), Page.due_at), else_=due_at),  # no mark puts it off
        "urgency": case((Page.urgency > urgency, Page.urgency), else_=urgency),
        "marked_at": case((is_waiting, Page.marked_at), else_=now()),
    }


def _insert(model: type[Model]) -> Any:
    """INSERT … ON CONFLICT in the words of the database at hand."""
    return (postgresql if db.engine.dialect.name == "postgresql" else sqlite).insert(model)


def _chunks(rows: Sequence[Any]) -> Iterable[Any]:
    return (rows[start:start + CHUNK] for start in range(0, len(rows), CHUNK))
