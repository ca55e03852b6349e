"""The mail server is away for an hour: orders go on, and each mail comes once when it is back."""

from __future__ import annotations

from tests.factories.catalog import make_product
from tests.faults.walks import answer_provider, let_minutes_pass, reach_bank, states
from tests.faults.world import World
from tests.workers.outbox import jobs
from workers.queues import connect
from workers.relay import relay_once


def work_mails(world: World) -> list[tuple[int, str]]:
    """Let a minute pass, hand over and work what is due; returns (tries, last word) of what is not done."""
    let_minutes_pass()
    relay_once(connect(world.app))
    assert world.start("flask", "worker", "run", "mail", "--burst").wait() == 0
    return [(job.attempts, job.last_error.split(":")[0]) for job in jobs() if job.queue == "mail"
            and job.finished_at is None]


def test_mail_server_down_and_back(world: World) -> None:
    """# fault 32. Red when a first failure counts as the last (MAX_ATTEMPTS = 1): nothing is sent when it is back."""
    make_product(slug="bowl")
    world.postbox.stop()
    world.start_web()
    for _ in range(3):
        visitor = world.visitor()
        assert visitor.get(answer_provider(visitor, reach_bank(visitor))).location.startswith("/orders/")
    assert states() == [("placed", "captured")] * 3
    assert work_mails(world) == [(1, "TransportError")] * 3
    assert work_mails(world) == [(2, "TransportError")] * 3
    world.postbox.start()
    world.postbox.refusals = 1  # and it is moody at first
    assert work_mails(world) == [(3, "TransportError")]
    assert work_mails(world) == []
    assert work_mails(world) == []
    assert len(world.postbox.letters) == 3
    assert len({letter["Subject"] for letter in world.postbox.letters}) == 3
