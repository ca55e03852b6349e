"""`flask gateway config`: the nginx configuration, from the settings, the roles and the addresses of this shop."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.routing import Rule

from storefront.catalog.media import FORMATS
from storefront.foundation.assets import BUILT
from storefront.foundation.config import ROOT
from storefront.foundation.guard import security_headers
from storefront.foundation.headers import FOREVER, MICRO_SECONDS, PUBLIC, public_headers
from storefront.foundation.page_files import NAME, SETS, TRACKING
from storefront.foundation.proxies import network_of
from storefront.foundation.roles import ROLES
from storefront.foundation.shop import facts
from workers.gateway_refusals import REFUSALS, write_refusals

group = AppGroup("gateway", help="Put nginx in front of the shop.")
TEMPLATE = "nginx.conf.jinja"
KINDS = "p|c|collections|pages"  # the folders of page files
ADMIN_SECONDS = 120  # imports are long
HOOK_BODY = "256k"
ADDRESS = re.compile(r"[\w.\-\[\]:]+:\d{1,5}|unix:/[\w./\-]+")
WORD = re.compile(r"[\w./:*\-\[\] ]+")  # of what an operator types: nothing that ends a directive


@dataclass(frozen=True)
class Header:
    """A header of every answer, as nginx variables name it."""

    name: str
    value: str

    @property
    def key(self) -> str:
        return self.name.lower().replace("-", "_")

    @property
    def variable(self) -> str:
        return f"own_{self.key}"


@dataclass(frozen=True)
class Upstream:
    """The processes that serve some of the roles."""

    name: str
    servers: tuple[str, ...]


@dataclass(frozen=True)
class Route:
    """A location of nginx, and who answers it."""

    path: str
    is_exact: bool
    role: str
    upstream: str = ""
    is_sign_in: bool = False
    body: str = ""
    seconds: int = ADMIN_SECONDS

    @property
    def match(self) -> str:
        return f"= {self.path}" if self.is_exact else self.path


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """What an operator decides; all else follows from the shop."""

    folder: Path  # for nginx's own files: configuration, logs, cache
    servers: Mapping[str, Sequence[str]] = field(default_factory=lambda: {"": ["127.0.0.1:8000"]})  # by role; "" is all
    listens: Sequence[str] = ("8080",)
    redirects: Sequence[str] = ()  # where plain http is listened to, only to lead to https
    names: Sequence[str] = ()  # beside those of the settings
    trusted: Sequence[str] = ()  # networks of proxies in front of nginx
    certificate: str = ""
    certificate_key: str = ""
    user: str = ""
    brotli: bool = False
    limits: bool = True
    slowest: int = 10  # seconds for which a visitor may send or read nothing
    patience: int = 4  # seconds for which a public page may take: then its old one is shown, if there is one …
    patience_with_deeds: int = 30  # … and for which what belongs to a visitor may: providers are asked on the way


@group.command("config")
@click.option("--upstream", "upstreams", multiple=True, metavar="[ROLE=]ADDRESS,…", default=["127.0.0.1:8000"],
              show_default=True, help=f"Where processes of the shop listen; one role's: {', '.join(ROLES)}.")
@click.option("--listen", "listens", multiple=True, default=["8080"], show_default=True, help="As nginx's listen.")
@click.option("--redirect", "redirects", multiple=True, metavar="LISTEN", help="Leads from plain http to https: 80.")
@click.option("--server-name", "names", multiple=True, help="A further host name; SITE_URL and TRUSTED_HOSTS count.")
@click.option("--trust", "trusted", multiple=True, metavar="NETWORK", help="A proxy in front of nginx, by its address.")
@click.option("--certificate", default="", metavar="FILE", help="Then --listen '443 ssl http2'.")
@click.option("--certificate-key", default="", metavar="FILE")
@click.option("--user", default="", help="Whom nginx's processes become when root starts it; may read pages and media.")
@click.option("--brotli", is_flag=True, help="Send .br files too; needs libnginx-mod-http-brotli-static.")
@click.option("--no-limits", is_flag=True, help="Count no requests, such as for a load test.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Write DIR/nginx.conf and the page for when the shop is away, instead of printing.")
def config(upstreams: Sequence[str], out: Path | None, no_limits: bool, **options: Any) -> None:
    """Print a complete nginx configuration for this shop, or write one with all that it needs.

    \b
    Example: flask gateway config --out var/gateway && nginx -c "$PWD/var/gateway/nginx.conf"
    """
    gateway = Gateway(folder=(out or facts().var_dir / "gateway").resolve(), servers=read_upstreams(upstreams),
                      limits=not no_limits, **options)
    if out is None:
        click.echo(write_config(current_app, gateway), nl=False)
        return
    path = lay_out(current_app, gateway)
    click.echo(f"Written. Try it with `nginx -t -c {path}`, start it with `nginx -c {path}`.", err=True)


def lay_out(app: Flask, gateway: Gateway) -> Path:
    """Write the configuration and what it needs into the gateway's folder; returns the configuration's path."""
    text = write_config(app, gateway)
    gateway.folder.mkdir(parents=True, exist_ok=True)
    with app.test_request_context():
        write_refusals(gateway.folder / "refusals")
    path = gateway.folder / "nginx.conf"
    path.write_text(text)
    return path


def write_config(app: Flask, gateway: Gateway) -> str:
    """Return the configuration; raises click.ClickException with a sentence for options that make none."""
    check(app, gateway)
    settings = facts()
    site = urlsplit(settings.site_url)
    upstreams = [Upstream(_upstream_name(role), tuple(servers)) for role, servers in gateway.servers.items()]
    own = {role: _upstream_name(role) if role in gateway.servers else _upstream_name("") for role in ROLES}
    environment = Environment(  # noqa: S701  # writes no HTML; `quoted` is what nginx needs
        loader=FileSystemLoader(ROOT / "deploy" / "gateway"), undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True)
    environment.filters["quoted"] = quote
    words = {name: getattr(gateway, name) for name in ("folder", "listens", "trusted", "certificate", "user", "brotli",
                                                       "certificate_key", "limits", "patience", "slowest",
                                                       "redirects")}
    return environment.get_template(TEMPLATE).render(
        words, site_name=re.sub(r"\s+", " ", settings.site_name), scheme=site.scheme, kinds=KINDS, sets=SETS,
        page_name=NAME, tracking=TRACKING.pattern,
        host=f"$host:{site.port}" if site.port else "$host", formats="|".join(FORMATS), refusals=REFUSALS,
        server_names=sorted({site.hostname or "", *settings.trusted_hosts, *gateway.names}),
        pages_dir=settings.pages_dir, media_dir=settings.media_dir, static_root=BUILT.parents[1],
        micro_seconds=MICRO_SECONDS, public_word=PUBLIC, forever=FOREVER, public_headers=public_headers,
        security=[Header(*item) for item in security_headers(settings).items()], upstreams=upstreams,
        shop=own["shop"], routes=list_routes(app, own, gateway.patience_with_deeds))


def check(app: Flask, gateway: Gateway) -> None:
    """Raise click.ClickException when the configuration would not be what the operator means."""
    missing = sorted(set(ROLES) - facts().roles)
    if missing:
        raise click.ClickException(f"This process does not know the addresses of {', '.join(missing)}: run the command "
                                   "without STOREFRONT_ROLES.")
    if "" not in gateway.servers and set(ROLES) - set(gateway.servers):
        left = ", ".join(role for role in ROLES if role not in gateway.servers)
        raise click.ClickException(f"Nobody serves {left}: add an --upstream for them, or one without a role.")
    for network in gateway.trusted:
        try:
            network_of(network)
        except ValueError:
            raise click.ClickException(f"--trust {network}: write an address or a network, 10.0.0.0/8.") from None
    if bool(gateway.certificate) != bool(gateway.certificate_key):
        raise click.ClickException("A certificate and its key go together.")
    if gateway.redirects and not gateway.certificate:
        raise click.ClickException("--redirect leads to https, which needs a --certificate.")
    settings = facts()
    typed = [gateway.folder, settings.pages_dir, settings.media_dir, gateway.certificate, gateway.certificate_key,
             gateway.user, *gateway.names, *gateway.listens, *gateway.redirects]
    for word in map(str, typed):
        if word and not WORD.fullmatch(word):
            raise click.ClickException(f"nginx cannot be told {word!r}: use letters, digits and . / : - only.")


def read_upstreams(texts: Sequence[str]) -> dict[str, list[str]]:
    """Return the servers of each role (`shop=127.0.0.1:8001,127.0.0.1:8002`), of all others under ""."""
    found: dict[str, list[str]] = {}
    for text in texts:
        role, _, servers = text.rpartition("=")
        if role and role not in ROLES:
            raise click.ClickException(f"--upstream names the role {role}; known are {', '.join(ROLES)}.")
        for server in servers.split(","):
            if not ADDRESS.fullmatch(server):
                raise click.ClickException(f"--upstream {server}: write host:port or unix:/path.")
            found.setdefault(role, []).append(server)
    return found


def list_routes(app: Flask, upstreams: Mapping[str, str], seconds: int) -> list[Route]:
    """Return the locations that lead each address to its role.

    A first word that one role has to itself is one location; of one that several share, each rule is its own. What
    none of them takes is the shop's, at `/`.
    """
    rules: dict[str, list[Route]] = {}
    for rule in app.url_map.iter_rules():
        route = _route(rule)
        rules.setdefault(route.path.split("/")[1], []).append(route)
    found = {"/": Route("/", False, "shop")}
    for word, routes in rules.items():
        owners = Counter(route.role for route in routes)
        if set(owners) == {"shop"}:
            continue
        if len(owners) == 1:
            found[f"/{word}"] = Route(f"/{word}", False, routes[0].role)
        for route in routes:
            if len(owners) > 1 or route.is_sign_in:
                known = found.setdefault(route.match, route)
                assert known.role == route.role, f"{route.match} belongs to two roles"
    bodies = {"admin": f"{app.config['MAX_CONTENT_LENGTH'] // 2**20}m", "webhooks": HOOK_BODY}
    return [Route(route.path, route.is_exact, route.role, upstreams[route.role], route.is_sign_in,
                  bodies.get(route.role, ""), ADMIN_SECONDS if route.role == "admin" else seconds)
            for _, route in sorted(found.items())]


def quote(value: object) -> str:
    """Return the value as nginx reads a string."""
    text = str(value)
    if any(ord(letter) < 32 for letter in text):
        raise click.ClickException(f"nginx cannot be told {text!r}.")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _route(rule: Rule) -> Route:
    role_of = {name: role for role, names in ROLES.items() for name in names}
    blueprint, _, name = rule.endpoint.rpartition(".")
    role = "admin" if blueprint.startswith("admin") else role_of.get(blueprint, "shop")
    fixed, dynamic, _ = rule.rule.partition("<")
    is_sign_in = name in ("sign_in", "register") and "POST" in (rule.methods or ())
    return Route(fixed, not dynamic, role, is_sign_in=is_sign_in)


def _upstream_name(role: str) -> str:
    return f"of_{role}" if role else "of_all"
