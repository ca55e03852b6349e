from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from storefront.foundation.cache import _near as near
from storefront.foundation.cache import cache, cached, invalidate
from storefront.foundation.database import transactional

calls: list[str] = []


@dataclass(frozen=True)
class Shown:
    name: str
    amounts: list[int]


@cached("things")
def read_thing(name: str) -> Shown:
    calls.append(name)
    return Shown(name, [len(calls)])


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
