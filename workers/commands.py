"""`flask worker …`: the processes that work behind the shop."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from redis import Redis, RedisError

from storefront.foundation import outbox
from workers.pages_render import warm_up
from workers.queues import QUEUES, connect, make_worker
from workers.relay import run_relay
from workers.schedule import run_schedule
from workers.stopping import StopRequest

group = AppGroup("worker", help="Run what works behind the shop: the relay, the schedule, a worker for each queue.")


@group.command("relay")
def relay() -> None:
    """Hand committed events to the workers until stopped.

    Several may run; SIGTERM ends it after the round it is in.

    \b
    Example: flask worker relay
    """
    run_relay(_app(), StopRequest())


@group.command("schedule")
def schedule() -> None:
    """Do each minute what time brings: expire unpaid orders, ask about payments, fetch pictures again.

    \b
    Example: flask worker schedule
    """
    run_schedule(_app(), StopRequest())


@group.command("run")
@click.argument("queue", type=click.Choice(list(QUEUES)))
@click.option("--burst", is_flag=True, help="End when the queue is empty.")
def run(queue: str, burst: bool) -> None:
    """Work the jobs of one QUEUE until stopped.

    One process serves one queue; start more of them for more speed. SIGTERM lets the present job finish,
    a second one ends it at once.

    \b
    Example: flask worker run mail
    """
    if queue == "pages":
        warm_up(_app())
    _wait_for_redis(connect(_app()))
    worker = make_worker(queue, connect(_app()))  # fresh: RQ waits longer for an answer than we do elsewhere
    worker.work(burst=burst, logging_level="WARNING")
    if not burst and worker._shutdown_requested_date is None:
        raise click.ClickException(f"The worker of {queue} lost its Redis or broke; start it again.")


@group.command("failed")
@click.option("--retry", is_flag=True, help="Try them all again.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
def failed(retry: bool, as_json: bool) -> None:
    """List the jobs that were given up after their last try, such as mails that no server took.

    \b
    Example: flask worker failed --retry
    """
    jobs = outbox.list_failed_jobs()
    if as_json:
        click.echo(json.dumps([asdict(job) for job in jobs], default=str))
    else:
        for job in jobs:
            click.echo(f"{job.failed_at:%Y-%m-%d %H:%M} {job.job} {json.dumps(job.payload)}: {job.last_error}")
        if not jobs:
            click.echo("No job was given up.")
    if retry:
        click.echo(f"{outbox.retry_failed_jobs()} to be tried again.", err=as_json)


def _wait_for_redis(connection: Redis) -> None:
    """Wait until Redis answers: a worker that starts before it is no failure."""
    stop = StopRequest()
    pause = 0.5
    while not stop.is_set:
        try:
            connection.ping()
        except (RedisError, OSError) as error:
            click.echo(f"Waiting for Redis: {type(error).__name__}.", err=True)
            stop.wait(pause)
            pause = min(pause * 2, 10.0)
        else:
            return
    raise SystemExit(0)


def _app() -> Flask:
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy would not outlive its context
    assert isinstance(app, Flask)
    return app
