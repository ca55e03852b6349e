"""The few facts about this shop that every context may ask for, without knowing the framework."""

from __future__ import annotations

from flask import current_app

from storefront.foundation.config import Settings
from storefront.foundation.money import Money


def facts() -> Settings:
    """Return the settings of the running shop."""
    settings = current_app.config["SETTINGS"]
    assert isinstance(settings, Settings)
    return settings


def money(amount: int) -> Money:
    """Return minor units as Money in the shop's currency."""
    return Money(amount, facts().currency)
