"""The settings: read once from the environment, typed, refused when half-configured."""

from __future__ import annotations

import os
import secrets
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies

from storefront.foundation.errors import SettingsError
from storefront.foundation.proxies import UNIX, network_of
from storefront.foundation.roles import ROLES

ROOT = Path(__file__).resolve().parents[2]
# What payment providers and carriers gave the shop; each gateway says which of them it needs.
PROVIDER_SETTINGS = (
    "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE", "STRIPE_CAPTURE",
    "ALIPAY_APP_ID", "ALIPAY_PRIVATE_KEY", "ALIPAY_PUBLIC_KEY", "ALIPAY_SELLER_ID", "ALIPAY_API_BASE",
    "WECHAT_APP_ID", "WECHAT_MCH_ID", "WECHAT_API_V3_KEY", "WECHAT_PRIVATE_KEY", "WECHAT_CERT_SERIAL",
    "WECHAT_PUBLIC_KEY", "WECHAT_PUBLIC_KEY_ID", "WECHAT_API_BASE",
    "BANK_ACCOUNT_NAME", "BANK_IBAN", "BANK_BIC", "BANK_COUNTRIES",
    "CASH_COUNTRIES", "CASH_MAXIMUM",
    "EASYPOST_API_KEY", "EASYPOST_WEBHOOK_SECRET", "EASYPOST_API_BASE", "CARRIER_WEBHOOK_SECRET",
)
BREAKS = ("STOREFRONT_FAILPOINT", "STOREFRONT_FAILPOINT_ONCE", "STOREFRONT_CLOCK_OFFSET")  # need STOREFRONT_TESTS=1
MIN_SECRET = 32  # characters; shorter keys can be guessed offline from a signed cookie


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the environment says about this shop; see docs/settings.md for each."""

    database_url: str
    redis_url: str
    secret_key: str
    secret_key_fallbacks: tuple[str, ...]
    site_url: str
    site_name: str
    trusted_hosts: tuple[str, ...]
    trusted_proxies: tuple[str, ...]
    roles: frozenset[str]
    smtp_url: str
    mail_from: str
    currency: str
    locale: str
    country: str
    payment_methods: tuple[str, ...]
    providers: Mapping[str, str]  # PROVIDER_SETTINGS that are set, by name
    media_dir: Path
    pages_dir: Path
    pages_fresh_hours: int
    gift_card_maximum: int
    var_dir: Path
    is_demo: bool
    is_secure: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_secure", self.site_url.startswith("https://"))


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings; raises SettingsError with one sentence that names the variable."""
    env = _Environment(environ if environ is not None else os.environ)
    for name in BREAKS:
        if env.text(name, "") and env.text("STOREFRONT_TESTS", "") != "1":
            raise SettingsError(f"{name} breaks the shop on purpose: it is for tests alone.")
    var_dir = Path(env.text("STOREFRONT_VAR", str(ROOT / "var"))).resolve()
    is_demo = env.text("STOREFRONT_DEMO", "") == "1"
    site_url = env.url("SITE_URL", "http://127.0.0.1:8000", ("http", "https"))
    return Settings(
        database_url=env.database_url(var_dir),
        redis_url=env.url("REDIS_URL", f"unix://{var_dir}/redis/r.sock", ("redis", "rediss", "unix")),
        secret_key=env.secret_key(var_dir),
        secret_key_fallbacks=env.secret_keys("SECRET_KEY_FALLBACKS"),
        site_url=site_url,
        site_name=env.text("SITE_NAME", "Plainsong"),
        trusted_hosts=env.hosts("TRUSTED_HOSTS"),
        trusted_proxies=env.proxies("TRUSTED_PROXIES"),
        roles=env.roles(),
        smtp_url=env.url("SMTP_URL", f"maildir://{var_dir}/mail", ("smtp", "smtps", "maildir")),
        mail_from=env.text("MAIL_FROM", "Plainsong <shop@plainsong.example>"),
        currency=env.one_of("DEFAULT_CURRENCY", "EUR", list_currencies(), "a currency of three letters, such as EUR"),
        locale=env.locale("DEFAULT_LOCALE", "en_IE"),
        country=env.one_of("DEFAULT_COUNTRY", "IE", Locale("en").territories, "a country of two letters, such as IE"),
        payment_methods=env.words("PAYMENT_METHODS") or (("demo",) if is_demo else ()),
        providers={name: value for name in PROVIDER_SETTINGS if (value := env.text(name, ""))},
        media_dir=Path(env.text("MEDIA_DIR", str(var_dir / "media"))).resolve(),
        pages_dir=Path(env.text("PAGES_DIR", str(var_dir / "pages"))).resolve(),
        pages_fresh_hours=env.number("PAGES_FRESH_HOURS", 24, least=1),
        gift_card_maximum=env.number("GIFT_CARD_MAXIMUM", 1_000_000, least=1),
        var_dir=var_dir,
        is_demo=is_demo,
    )


class _Environment:
    """Reads variables; `<NAME>_FILE` names a file that holds the value of `<NAME>`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def text(self, name: str, default: str) -> str:
        path = self.environ.get(f"{name}_FILE")
        if path:
            try:
                return Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise SettingsError(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from error
            except UnicodeDecodeError:
                raise SettingsError(f"{name}_FILE names {path}, which is no text.") from None
        return self.environ.get(name, "").strip() or default

    def words(self, name: str) -> tuple[str, ...]:
        return tuple(word for word in self.text(name, "").replace(",", " ").split() if word)

    def url(self, name: str, default: str, schemes: tuple[str, ...]) -> str:
        value = self.text(name, default)
        try:
            parts = urlsplit(value)
            _ = parts.port  # reading it is what checks it
        except ValueError as error:
            raise SettingsError(f"{name} is no address: {error}.") from None
        if parts.scheme not in schemes or not (parts.netloc or parts.path):
            known = " or ".join(f"{scheme}://" for scheme in schemes)
            raise SettingsError(f"{name} must be an address that begins with {known}.")
        return value.rstrip("/")

    def one_of(self, name: str, default: str, known: Container[str], what: str) -> str:
        value = self.text(name, default).upper()
        if value not in known:
            raise SettingsError(f"{name} is {value}: it must be {what}.")
        return value

    def locale(self, name: str, default: str) -> str:
        value = self.text(name, default).replace("-", "_")
        try:
            return str(Locale.parse(value))
        except (UnknownLocaleError, ValueError):
            raise SettingsError(f"{name} is {value}: it must be a locale, such as en_IE.") from None

    def number(self, name: str, default: int, *, least: int) -> int:
        value = self.text(name, str(default))
        if not value.isascii() or not value.isdigit() or not least <= int(value) <= 10**9:
            raise SettingsError(f"{name} is {value[:40]}: it must be a whole number from {least} on.")
        return int(value)

    def hosts(self, name: str) -> tuple[str, ...]:
        """Host names as Werkzeug compares them; an address here would lock everyone out."""
        hosts = self.words(name)
        wrong = [host for host in hosts if "/" in host]
        if wrong:
            raise SettingsError(f"{name} names {wrong[0]}: write the host name alone, such as shop.example.")
        return hosts

    def proxies(self, name: str) -> tuple[str, ...]:
        proxies = self.words(name)
        for proxy in proxies:
            try:
                _ = proxy == UNIX or network_of(proxy)
            except ValueError:
                raise SettingsError(f"{name} names {proxy[:60]}: it must be an address such as 127.0.0.1, a network "
                                    f"such as 10.0.0.0/8, or `{UNIX}`.") from None
        return proxies

    def secret_keys(self, name: str) -> tuple[str, ...]:
        keys = self.words(name)
        if any(len(key) < MIN_SECRET for key in keys):
            raise SettingsError(f"{name} holds a key of fewer than {MIN_SECRET} characters: it can be guessed.")
        return keys

    def roles(self) -> frozenset[str]:
        roles = frozenset(self.words("STOREFRONT_ROLES")) or frozenset(ROLES)
        unknown = roles - frozenset(ROLES)
        if unknown:
            raise SettingsError(f"STOREFRONT_ROLES names {', '.join(sorted(unknown))}; known are {', '.join(ROLES)}.")
        return roles

    def database_url(self, var_dir: Path) -> str:
        value = self.text("DATABASE_URL", f"sqlite:///{var_dir}/shop.db")
        if value.startswith(("postgresql://", "postgres://")):
            return "postgresql+psycopg://" + value.split("://", 1)[1]
        if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise SettingsError("DATABASE_URL must begin with postgresql:// or sqlite:///.")
        return value

    def secret_key(self, var_dir: Path) -> str:
        """A shop with a database of its own must bring its key; a local one under var/ makes one."""
        key = self.text("SECRET_KEY", "")
        if not key and self.text("DATABASE_URL", ""):
            raise SettingsError("SECRET_KEY is missing: set it to at least 32 random characters.")
        key = key or _kept_key(var_dir / "secret_key")
        if len(key) < MIN_SECRET:
            raise SettingsError(f"SECRET_KEY has {len(key)} characters: it needs at least {MIN_SECRET} random ones.")
        return key


def _kept_key(path: Path) -> str:
    """Return the key that a first run made for this machine, so that sign-ins outlive a restart."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text(encoding="ascii").strip()
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SettingsError(f"SECRET_KEY is missing and {path} cannot be written: {error.strerror}.") from error


def flask_config(settings: Settings) -> dict[str, object]:
    """Return what Flask and its extensions read, for `app.config`."""
    prefix = "__Host-" if settings.is_secure else ""
    return {
        "SETTINGS": settings,
        "SECRET_KEY": settings.secret_key,
        "SECRET_KEY_FALLBACKS": list(settings.secret_key_fallbacks),
        "SITE_URL": settings.site_url,
        "SITE_NAME": settings.site_name,
        "CURRENCY": settings.currency,
        "LOCALE": settings.locale,
        "COUNTRY": settings.country,
        "IS_SECURE": settings.is_secure,
        "IS_DEMO": settings.is_demo,
        "MEDIA_DIR": settings.media_dir,
        "VAR_DIR": settings.var_dir,
        "REDIS_URL": settings.redis_url,
        "SMTP_URL": settings.smtp_url,
        "MAIL_FROM": settings.mail_from,
        "PAYMENT_METHODS": settings.payment_methods,
        "TRUSTED_HOSTS": list(settings.trusted_hosts) or None,
        "MAX_CONTENT_LENGTH": 32 * 2**20,
        "MAX_FORM_MEMORY_SIZE": 2**20,
        "MAX_FORM_PARTS": 1000,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(settings),
        "CACHE_TYPE": "storefront.foundation.cache.BytesRedisCache",
        "CACHE_REDIS_URL": settings.redis_url,
        "CACHE_KEY_PREFIX": "cache:",
        "SESSION_COOKIE_NAME": f"{prefix}session",
        "SESSION_COOKIE_SECURE": settings.is_secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_CHECK_DEFAULT": False,
        "WTF_CSRF_TIME_LIMIT": None,
    }


def _engine_options(settings: Settings) -> dict[str, object]:
    if settings.database_url.startswith("sqlite"):
        Path(settings.database_url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        return {}
    return {"pool_size": 5, "max_overflow": 5, "pool_timeout": 5,
            "connect_args": {"connect_timeout": 3, "options": "-c statement_timeout=10000"}}
