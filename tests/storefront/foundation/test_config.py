"""Settings are refused with one sentence that names the variable."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from storefront.foundation.config import read_settings
from storefront.foundation.errors import SettingsError

GOOD = {"SECRET_KEY": "k" * 40, "DATABASE_URL": "postgresql://shop@db/shop"}


def test_a_local_shop_needs_nothing_and_keeps_the_key_it_made(tmp_path: Path) -> None:
    first, second = (read_settings({"STOREFRONT_VAR": str(tmp_path)}) for _ in range(2))
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 32
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert first.database_url == f"sqlite:///{tmp_path}/shop.db"
    assert first.payment_methods == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is missing"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY has 5 characters"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL must begin with"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL must be an address"),
        ({"SITE_URL": "shop.example"}, "SITE_URL must be an address"),
        ({"SMTP_URL": "ftp://x"}, "SMTP_URL must be an address"),
        ({"STOREFRONT_ROLES": "shop,moon"}, "STOREFRONT_ROLES names moon"),
        ({"SECRET_KEY_FILE": "/nowhere/key"}, "SECRET_KEY_FILE names /nowhere/key"),
        ({"SECRET_KEY_FALLBACKS": "a"}, "SECRET_KEY_FALLBACKS holds a key of fewer than 32"),
        ({"REDIS_URL": "redis://h:abc"}, "REDIS_URL is no address"),
        ({"SMTP_URL": "smtp://h:abc"}, "SMTP_URL is no address"),
        ({"SITE_URL": "http://[x"}, "SITE_URL is no address"),
        ({"TRUSTED_HOSTS": "https://shop.example"}, "TRUSTED_HOSTS names https://shop.example"),
        ({"DEFAULT_CURRENCY": "XXQ"}, "DEFAULT_CURRENCY is XXQ"),
        ({"DEFAULT_LOCALE": "qq-ZZ"}, "DEFAULT_LOCALE is qq_ZZ"),
        ({"DEFAULT_COUNTRY": "QQQ"}, "DEFAULT_COUNTRY is QQQ"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_settings({**GOOD, **changes})


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("f" * 50 + "\n")
    assert read_settings({**GOOD, "SECRET_KEY": "", "SECRET_KEY_FILE": str(tmp_path / "key")}).secret_key == "f" * 50


def test_a_secret_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff\xfe" * 30)
    with pytest.raises(SettingsError, match="which is no text"):
        read_settings({**GOOD, "SECRET_KEY": "", "SECRET_KEY_FILE": str(tmp_path / "key")})


def test_a_command_ends_with_the_sentence_and_exit_code_1() -> None:
    result = subprocess.run([sys.executable, "-m", "flask", "routes"], capture_output=True, text=True, check=False,
                            env={**os.environ, "SECRET_KEY": "short", "DATABASE_URL": "sqlite:////tmp/x.db"})
    assert result.returncode == 1
    assert result.stderr.strip() == "Settings: SECRET_KEY has 5 characters: it needs at least 32 random ones."
