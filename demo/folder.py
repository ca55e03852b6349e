"""Where the demo shop lives: the paths under var/, who holds them, and how to begin anew."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

STAFF_EMAIL = "staff@plainsong.example"
# Everything that a demo makes; nothing else in the folder is ever removed.
MADE = ("shop.db", "shop.db-wal", "shop.db-shm", "secret_key", "staff_login", "redis", "mail", "media", "pages", "log")
# Settings of another shop that the demo must not act upon.
FOREIGN = ("DATABASE_URL", "SMTP_URL", "MEDIA_DIR", "PAGES_DIR", "STOREFRONT_ROLES", "TRUSTED_HOSTS", "SECRET_KEY",
           "SECRET_KEY_FALLBACKS", "SITE_URL", "BANK_COUNTRIES")
# The ways to pay that need no provider. The account is the one that Ireland's banks print in their examples.
PAYMENTS = {"PAYMENT_METHODS": "demo transfer cash", "BANK_ACCOUNT_NAME": "Plainsong (demonstration)",
            "BANK_IBAN": "IE29AIBK93115212345678", "BANK_BIC": "AIBKIE2D",
            "CASH_COUNTRIES": "IE", "CASH_MAXIMUM": "20000"}


class FolderBusy(RuntimeError):
    """Another demo runs on the same folder."""


@dataclass(frozen=True)
class StaffLogin:
    """What the demo made up for the panel."""

    email: str
    password: str


@dataclass(frozen=True)
class Folder:
    """The demo's folder, held by one process at a time."""

    path: Path

    def hold(self) -> int:
        """Lock the folder until this process ends; raises FolderBusy. Returns the open lock."""
        self.path.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.path / "demo.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise FolderBusy(f"A demo shop runs on {self.path} already: end it first.") from None
        return lock

    def clear(self) -> None:
        """Remove what demos made here, and only that."""
        for name in MADE:
            path = self.path / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def log(self, name: str) -> Path:
        """Return the log file of a child process."""
        folder = self.path / "log"
        folder.mkdir(exist_ok=True)
        return folder / f"{name}.log"

    def read_login(self) -> StaffLogin | None:
        """Return the login that an earlier start made, if any."""
        try:
            words = (self.path / "staff_login").read_text(encoding="ascii").split()
        except FileNotFoundError:
            return None
        return StaffLogin(*words) if len(words) == 2 else None

    def make_login(self, email: str = STAFF_EMAIL) -> StaffLogin:
        """Make up a login and keep it where only this user may read it."""
        login = StaffLogin(email, secrets.token_urlsafe(12))
        path = self.path / "staff_login"
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{login.email}\n{login.password}\n")
        return login

    def environ(self, inherited: Mapping[str, str], *, port: int, redis_url: str) -> dict[str, str]:
        """Return the settings of the demo's processes: all roles, everything under the folder."""
        foreign = (*FOREIGN, *PAYMENTS)
        kept = {name: value for name, value in inherited.items() if name.removesuffix("_FILE") not in foreign}
        return kept | PAYMENTS | {
            "STOREFRONT_DEMO": "1",
            "STOREFRONT_VAR": str(self.path),
            "SITE_URL": f"http://127.0.0.1:{port}",
            "REDIS_URL": redis_url,
        }
