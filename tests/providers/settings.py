"""Sets up a provider for the shop under test, as its environment would."""

from __future__ import annotations

import dataclasses

from flask import Flask

from storefront.foundation.config import Settings


def set_up(app: Flask, *methods: str, **providers: str) -> None:
    """Offer the payment methods, in order, with these provider settings beside those already made.

    `set_up(app, "stripe", STRIPE_SECRET_KEY="sk_test_x", …)`; without methods the offer stays as it is.
    """
    settings = app.config["SETTINGS"]
    assert isinstance(settings, Settings)
    offered = methods or settings.payment_methods
    app.config["SETTINGS"] = dataclasses.replace(
        settings, payment_methods=offered, providers={**settings.providers, **providers})
    app.config["PAYMENT_METHODS"] = offered
