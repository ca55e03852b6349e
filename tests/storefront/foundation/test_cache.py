import contextlib
import socket
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis, RedisError

from storefront.foundation.cache import HOUR, cache, cached, invalidate, leave_behind
from storefront.foundation.cache import _near as near
from storefront.foundation.database import transactional
from storefront.foundation.errors import NotFound
from storefront.foundation.redis import open_redis

calls: list[str] = []


@dataclass(frozen=True)
class Shown:
    name: str
    amounts: list[int]


@cached("things")
def read_thing(name: str) -> Shown:
    calls.append(name)
    return Shown(name, [len(calls)])


@cached("things")
def read_nothing() -> Shown:
    calls.append("nothing")
    raise NotFound("There is no such thing.")


@transactional
def change_thing(*, fails: bool = False) -> None:
    invalidate("things")
    if fails:
        raise RuntimeError


@pytest.fixture(autouse=True)
def _forget() -> None:
    calls.clear()


def test_an_answer_is_kept_and_comes_back_as_its_own_type(app: Flask) -> None:
    assert [read_thing("bowl"), read_thing("bowl"), read_thing("cup")] == [
        Shown("bowl", [1]), Shown("bowl", [1]), Shown("cup", [2])]


def test_a_committed_change_leaves_it_behind_and_a_failed_one_does_not(app: Flask) -> None:
    read_thing("bowl")
    with pytest.raises(RuntimeError):
        change_thing(fails=True)
    assert read_thing("bowl") == Shown("bowl", [1])
    change_thing()
    assert read_thing("bowl") == Shown("bowl", [2])


def test_a_planted_pickle_is_a_miss_and_is_never_loaded(app: Flask, tmp_path: Path) -> None:  # security 33
    trace = tmp_path / "loaded"
    read_thing("bowl")
    redis = Redis.from_url(app.config["REDIS_URL"])
    near.clear()
    for key in redis.scan_iter("cache:*read_thing*"):
        redis.set(key, f"!cposix\nsystem\n(S'touch {trace}'\ntR.".encode())
    assert read_thing("bowl") == Shown("bowl", [2])
    assert not trace.exists()


def test_without_redis_the_query_runs(app: Flask) -> None:
    app.config["CACHE_REDIS_URL"] = "unix:///nowhere.sock"
    cache.init_app(app)
    assert read_thing("bowl") == Shown("bowl", [1])
    assert read_thing("bowl") == Shown("bowl", [2])


def test_what_a_transaction_sees_is_not_kept(app: Flask) -> None:
    @transactional
    def read_inside() -> Shown:
        return read_thing("bowl")

    assert read_inside() == Shown("bowl", [1])
    assert read_thing("bowl") == Shown("bowl", [2])
    assert read_inside() == Shown("bowl", [2])  # what others may see may be read


def test_an_old_answer_is_given_while_somebody_makes_it_anew(app: Flask) -> None:
    read_thing("bowl")
    with Redis.from_url(app.config["REDIS_URL"]) as redis:
        (key,) = redis.scan_iter("cache:*read_thing*")
        age = b"%d " % (time.time() - HOUR - 1)
        redis.set(key, age + redis.get(key).partition(b" ")[2])
        near.clear()
        redis.set(key.replace(b"cache:", b"cache:turn:", 1), b"taken", ex=60)
        assert read_thing("bowl") == Shown("bowl", [1])
        redis.delete(key.replace(b"cache:", b"cache:turn:", 1))
        assert read_thing("bowl") == Shown("bowl", [2])
        assert read_thing("bowl") == Shown("bowl", [2])


def test_a_job_leaves_behind_what_a_dead_process_did_not(app: Flask) -> None:
    read_thing("bowl")
    leave_behind("things")
    assert read_thing("bowl") == Shown("bowl", [2])


def test_a_refusal_is_neither_kept_nor_waited_for(app: Flask) -> None:
    for _ in range(3):
        with pytest.raises(NotFound):
            read_nothing()
    assert calls == ["nothing"] * 3


def test_a_request_reads_the_versions_once_and_again_after_its_own_change(app: Flask) -> None:
    with app.test_request_context():
        assert read_thing("bowl") == Shown("bowl", [1])
        change_thing()
        assert read_thing("bowl") == Shown("bowl", [2])


def test_a_server_that_lets_wait_is_asked_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        with open_redis(url) as redis:
            for _ in range(3):
                with pytest.raises(RedisError):
                    redis.get("x")
        silent.settimeout(0)
        came = []
        with contextlib.suppress(BlockingIOError):
            while True:
                came.append(silent.accept()[0])
        for connection in came:
            connection.close()
    assert len(came) == 1
