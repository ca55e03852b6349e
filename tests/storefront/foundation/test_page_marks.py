"""Marks of pages: any number of touches is one row, and of two renderings the newer stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import update

from storefront.foundation import page_marks
from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.page_marks import OWN, REBUILD, SHOWN, Claim, Mark, Page


def mark(*addresses: str, urgency: int = SHOWN, lies: bool = False) -> list[str]:
    """Mark and return the addresses whose files were removed."""
    removed: list[str] = []
    page_marks.mark_pages(marks={address: Mark("product", urgency, lies) for address in addresses},
                          remove=removed.append)
    return removed


def publish(*claims: Claim) -> set[str]:
    put: list[str] = []
    done = page_marks.publish_pages(claims=claims, build="b1", started_at=now(), put=put.extend)
    assert set(put) == done
    return done


@transactional
def change(address: str, **values: object) -> None:
    assert execute_counted(update(Page).where(Page.address == address).values(**values)) == 1


def page(address: str) -> Page:
    db.session.rollback()
    row = db.session.get(Page, address)
    assert row is not None
    return row


def test_ten_thousand_touches_of_one_subject_are_one_row(app: Flask, count_queries: Callable[[], int]) -> None:
    page_marks.touch(subjects={f"product:{number}": False for number in range(1000)})
    count_queries()
    page_marks.touch(subjects={f"product:{number}": number == 7 for number in range(1000)})
    assert count_queries() == 2  # by 500
    found = page_marks.read_subjects(2000)
    assert (len(found), {subject.version for subject in found}) == (1000, {2})
    assert [subject.name for subject in found if subject.lies] == ["product:7"]
    assert found[0].name == "product:7"  # what lies goes first


def test_a_subject_touched_while_its_pages_are_marked_is_not_forgotten(app: Flask) -> None:
    page_marks.touch(subjects={"home": False, "all": False})
    seen = page_marks.read_subjects(10)
    page_marks.touch(subjects={"home": False})
    page_marks.mark_pages(marks={}, done=seen)
    assert [(subject.name, subject.version) for subject in page_marks.read_subjects(10)] == [("home", 2)]


def test_the_urgent_are_claimed_first_then_the_hot_and_by_one_alone(app: Flask) -> None:
    mark("/p/a", "/p/b", "/p/c", urgency=REBUILD)
    mark("/p/d", urgency=SHOWN)
    mark("/p/e", urgency=OWN)
    change("/p/b", heat=5)
    claimed = [[claim.address for claim in page_marks.claim_pages(limit=2)] for _ in range(5)]
    assert claimed == [["/p/e"], ["/p/d"], ["/p/b", "/p/a"], ["/p/c"], []]
    assert not page_marks.is_page_work_waiting()


def test_a_page_whose_worker_died_is_claimed_again_after_its_lease(app: Flask) -> None:
    mark("/p/a")
    [claim] = page_marks.claim_pages(limit=9)
    change("/p/a", due_at=now() - timedelta(seconds=1))
    assert page_marks.claim_pages(limit=9) == [claim]


def test_an_older_rendering_never_takes_the_place_of_a_newer_one(app: Flask) -> None:
    mark("/p/a", "/p/b")
    old = page_marks.claim_pages(limit=9)
    assert mark("/p/a", lies=True) == ["/p/a"]
    [new] = page_marks.claim_pages(limit=9)  # at once, though the older one is still under way
    assert publish(new) == {"/p/a"}
    assert publish(*old) == {"/p/b"}
    assert publish(*old) == {"/p/b"}  # again: nothing is lost by it
    assert (page("/p/a").rendered, page("/p/a").wanted, page("/p/a").build) == (2, 2, "b1")
    assert page_marks.count_waiting() == 0


def test_a_page_that_is_no_more_is_forgotten_unless_it_is_wanted_again(app: Flask) -> None:
    mark("/p/a", "/p/b")
    claims = page_marks.claim_pages(limit=9)
    mark("/p/b")
    removed: list[str] = []
    page_marks.forget_pages(claims=claims, remove=removed.append)
    assert removed == ["/p/a"]
    assert page_marks.list_addresses() == {"/p/b": "product"}


def test_a_page_that_fails_says_why_and_waits_longer_each_time(app: Flask) -> None:
    mark("/p/a")
    pauses = []
    for _ in range(12):
        change("/p/a", due_at=now())
        assert page_marks.claim_pages(limit=9)
        page_marks.fail_pages(errors={"/p/a": "no space left"})
        pauses.append(page("/p/a").due_at - now())
    assert pauses[0] <= timedelta(seconds=10)
    assert timedelta(minutes=30) < pauses[-1] <= page_marks.LONGEST_PAUSE
    assert page_marks.list_failed_pages() == [("/p/a", "no space left")]
    mark("/p/a")  # a change tries at once
    assert publish(*page_marks.claim_pages(limit=9)) == {"/p/a"}
    assert page_marks.list_failed_pages() == []


def test_marks_that_gather_are_not_put_off_by_more_marks(app: Flask) -> None:
    late = Mark("sitemap", delay=timedelta(minutes=1))
    page_marks.mark_pages(marks={"/sitemap.xml": late})
    due = page("/sitemap.xml").due_at
    page_marks.mark_pages(marks={"/sitemap.xml": late})
    assert page("/sitemap.xml").due_at == due
    mark("/sitemap.xml")  # wanted now
    assert page_marks.is_page_work_waiting()


def test_old_pages_are_wanted_anew_hot_ones_first_and_another_builds_all_at_once(app: Flask) -> None:
    mark("/p/a", "/p/b", "/p/c")
    publish(*page_marks.claim_pages(limit=9))
    change("/p/b", heat=3)
    ahead = now() + timedelta(hours=1)
    ago = now() - timedelta(hours=1)
    assert page_marks.mark_other_build(build="b1", before=ahead) == page_marks.mark_old(before=ago, limit=9) == 0
    assert page_marks.mark_old(before=ahead, limit=1) == 1
    assert [claim.address for claim in page_marks.claim_pages(limit=9)] == ["/p/b"]
    assert page_marks.mark_other_build(build="b2", before=ago) == 0
    assert page_marks.mark_other_build(build="b2", before=ahead) == 2
