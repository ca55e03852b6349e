"""Jobs whose process dies, hangs or is poisoned: tried again, one effect, and an end to hopeless ones."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from storefront.foundation.database import db
from storefront.foundation.outbox import MAX_ATTEMPTS, OutboxJob
from tests.factories.accounts import make_customer
from tests.faults import deeds
from tests.faults.processes import Child, eventually
from tests.faults.walks import is_quiet, let_minutes_pass, only
from tests.faults.world import World
from tests.workers.outbox import jobs, let_handover_pass
from workers.queues import RUN, connect, open_queue
from workers.relay import relay_once


def stall_a_mail(world: World) -> Child:
    """A worker in the middle of its job: the mail server has the letter and does not answer."""
    world.postbox.open.clear()
    make_customer()
    relay_once(connect(world.app))
    worker = world.start("flask", "worker", "run", "mail")
    eventually(world.postbox.reached.is_set, "the letter at the mail server")
    return worker


def has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_horse_killed_in_its_job(world: World) -> None:
    """# fault 4. Red without the second hand-over in claim_jobs: the row stays open for ever."""
    worker = stall_a_mail(world)
    horse = only(worker.children())
    os.kill(horse, signal.SIGKILL)
    eventually(lambda: has_ended(horse), "the horse's end")
    world.postbox.hang_up()
    assert world.postbox.letters == []
    let_minutes_pass()
    relay_once(connect(world.app))
    eventually(is_quiet, "the second try")
    assert (len(world.postbox.letters), only(jobs()).attempts, worker.poll()) == (1, 2, None)


def test_worker_killed_with_its_job(world: World) -> None:
    """# fault 5. Red without PR_SET_PDEATHSIG in ForkWorker: the orphaned horse goes on with the letter."""
    worker = stall_a_mail(world)
    horse = only(worker.children())
    worker.kill()
    eventually(lambda: has_ended(horse), "the horse's end")
    assert only(jobs()).last_error == ""  # it died with its worker, and did not come to an end of its own
    world.postbox.hang_up()
    let_minutes_pass()
    relay_once(connect(world.app))
    world.start("flask", "worker", "run", "mail")
    eventually(is_quiet, "the second try")
    assert (len(world.postbox.letters), only(jobs()).attempts) == (1, 2)


def test_worker_killed_between_taking_the_job_and_starting_it(world: World) -> None:
    """# fault 6. Red when hand_over leaves out a job that Redis still knows as an object: it lies in no queue."""
    make_customer()
    relay_once(connect(world.app))
    world.aim("job-dequeued:kill")
    assert world.start("flask", "worker", "run", "mail").wait() == -9
    assert only(jobs()).attempts == 0
    let_minutes_pass()
    world.start_behind("mail")
    eventually(is_quiet, "the job")
    assert (len(world.postbox.letters), only(jobs()).attempts) == (1, 1)


def test_job_killed_after_its_effect_is_not_done_twice(world: World) -> None:
    """# fault 7. Red without the sent_at of the delivery row: two letters."""
    make_customer()
    relay_once(connect(world.app))
    world.aim("job-done:kill")
    world.start("flask", "worker", "run", "mail")
    eventually(lambda: world.postbox.letters, "the letter")
    eventually(lambda: not world.is_aimed(), "the kill")
    assert only(jobs()).finished_at is None
    let_minutes_pass()
    world.start("flask", "worker", "relay")
    eventually(is_quiet, "the second try")
    assert len(world.postbox.letters) == 1


def test_poison_among_good_jobs(world: World, rounds: Callable[[int, int], int]) -> None:
    """# fault 8. Red when start_job counts after the job instead of before it: the abort is tried for ever."""
    fine = [deeds.POISON[3]] * rounds(12, 100)
    deeds.plant_jobs(names=[*fine[:6], *deeds.POISON[:3], *fine[6:]])
    turns = 0
    while not is_quiet():
        assert turns <= MAX_ATTEMPTS + 1, "a job is tried for ever"  # in the first turn one may stop those behind it
        assert world.call("tests.faults.deeds.work_poisoned", queue="default").wait() == 0
        turns += 1
        let_handover_pass()
        if rounds(1, 0):  # the middle tries are like the others
            deeds.skip_tries(MAX_ATTEMPTS - 1)
    db.session.rollback()
    given_up = db.session.scalars(select(OutboxJob).where(OutboxJob.failed_at.is_not(None)).order_by(OutboxJob.job))
    assert [(job.job, job.attempts) for job in given_up] == [(name, MAX_ATTEMPTS) for name in sorted(deeds.POISON[:3])]
    with world.redis as redis:
        assert int(redis.get("fine") or 0) == len(fine)
        assert redis.llen(open_queue("default", redis).key) == 0
    listed = world.app.test_cli_runner().invoke(args=["worker", "failed"]).output
    assert all(name in listed for name in deeds.POISON[:3])
    assert "MemoryError" in listed
    assert "ended its process" in listed


def test_timeout_inside_the_transaction(world: World) -> None:
    """# fault 9. Red without the rollback in _run_once: the claim of the mail is half there and nothing is sent."""
    make_customer()
    relay_once(connect(world.app))
    [job] = jobs()
    with world.redis as redis:
        redis.flushall()
        queue = open_queue("mail", redis)
        # The claim of the mail is the job's second transaction; the alarm of one second rings inside it.
        world.aim("before-commit:sleep=30@2")
        queue.enqueue_call(RUN, args=(job.id,), timeout=1, result_ttl=0)
        world.start("flask", "worker", "run", "mail")
        eventually(lambda: "JobTimeoutException" in only(jobs()).last_error, "the alarm")
    assert world.postbox.letters == []
    let_minutes_pass()
    relay_once(connect(world.app))
    eventually(is_quiet, "the second try")
    assert (len(world.postbox.letters), only(jobs()).attempts) == (1, 2)
