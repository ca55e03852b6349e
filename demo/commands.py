"""`flask demo`: the whole shop in one command."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from demo import filling
from demo.folder import Folder, FolderBusy, StaffLogin
from demo.opening import fill_shop, load_app, make_staff, migrate_database, phase
from demo.reload import Watch
from demo.supervisor import Supervisor, background_roles, is_ready, web_role
from storefront.catalog.commands import group as catalog
from storefront.foundation.config import read_settings
from workers.processes import process_age
from workers.stopping import StopRequest
from workers.valkey import ValkeyMissing, start_valkey

READY_SECONDS = 30.0
catalog.add_command(filling.command)  # `flask catalog fill`: it writes stock too, so it stands above the catalog


@click.command("demo")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Where the shop listens.")
@click.option("--fresh", is_flag=True, help="Forget the orders, accounts and mails of earlier demos.")
@click.option("--reload", "reloads", is_flag=True, help="Start anew when a file of the shop changes.")
def command(port: int, fresh: bool, reloads: bool) -> None:
    """Run a whole shop on this machine, with a catalog, until Ctrl-C.

    It needs nothing else: the database is a file, the queue a server of its own, payment a page that asks
    you what should happen, mail a page that shows what was sent. Data stay in var/ for the next time.

    \b
    Example: flask demo --port 8123
    """
    folder = Folder(read_settings().var_dir)
    stop = StopRequest()
    try:
        check_port(port)
        lock = folder.hold()
    except FolderBusy as error:
        raise click.ClickException(str(error)) from None
    try:
        if fresh:
            folder.clear()
        _run(folder, port, stop, reloads=reloads)
    finally:
        os.close(lock)


def check_port(port: int) -> None:
    """End with one sentence when somebody else listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise click.ClickException(
                f"Port {port} cannot be used ({error.strerror}): choose another, such as "
                f"`flask demo --port {port + 1 if port < 65535 else 8000}`.") from None


def _run(folder: Folder, port: int, stop: StopRequest, *, reloads: bool) -> None:
    """Bring the shop up, keep it up until asked to stop, take it down."""
    with _valkey(folder.path) as redis_url:
        environ = folder.environ(os.environ, port=port, redis_url=redis_url)
        supervisor = Supervisor(environ, folder.log, lambda text: click.echo(f"  {text}", err=True))
        try:
            app = load_app(environ)
            migrate_database(app)
            supervisor.start(web_role(port))  # it loads while this process fills the shop
            fill_shop(app)
            login = make_staff(app, folder)
            with phase("web server"):
                _wait_until_ready(supervisor, environ["SITE_URL"], stop)
            if not stop.is_set:
                _welcome(environ["SITE_URL"], login, folder.path)
                for role in background_roles():
                    supervisor.start(role)
                supervisor.watch(stop, Watch().changed if reloads else lambda: False)
            click.echo("Closing the shop.")
        finally:
            supervisor.stop()


@contextmanager
def _valkey(path: Path) -> Iterator[str]:
    """The address of the queue's server: REDIS_URL's, or one of our own for as long as the demo runs."""
    if os.environ.get("REDIS_URL"):
        yield os.environ["REDIS_URL"]
        return
    try:
        running = start_valkey(path / "redis")
    except ValkeyMissing as error:
        raise click.ClickException(str(error)) from None
    try:
        yield running.url
    finally:
        running.stop()


def _wait_until_ready(supervisor: Supervisor, url: str, stop: StopRequest) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not stop.is_set and not is_ready(url):
        if time.monotonic() > deadline:
            raise click.ClickException(f"The web server does not answer; see {supervisor.log('web')}.")
        supervisor.mend()
        stop.wait(0.1)


def _welcome(url: str, login: StaffLogin, path: Path) -> None:
    click.echo(f"ready in {process_age():.1f} s\n\n"
               f"  Shop   {url}/\n"
               f"  Mail   {url}/demo/mail\n"
               f"  Staff  {url}/admin/\n"
               f"         {login.email}\n"
               f"         {login.password}\n\n"
               f"Data stay in {path}. Ctrl-C ends the shop.")
