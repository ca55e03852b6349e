"""The composition root: settings, extensions, pages, the panel, commands, errors. All wiring is here."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask
from htmx_flask import Htmx

import admin
import demo.commands
import demo.views
import storefront.accounts.commands
import storefront.accounts.views
import storefront.browse.views
import storefront.cart.views
import storefront.catalog.commands
import storefront.catalog.views
import storefront.checkout.commands
import storefront.checkout.views
import storefront.orders.commands
import storefront.orders.views
import storefront.payments.views
import storefront.recommendations.commands
import storefront.search.commands
import storefront.search.views
import storefront.shipping.views
import storefront.taxes.commands
import workers.audit
import workers.commands
import workers.doctor
import workers.gateway
import workers.pages_commands
from storefront.accounts.sign_in import after_sign_in, login_manager
from storefront.browse.beside import show_goes_with
from storefront.browse.menus import site
from storefront.catalog.rules import sellable_variants
from storefront.foundation import health
from storefront.foundation.cache import cache
from storefront.foundation.commands import install_commands
from storefront.foundation.config import flask_config, read_settings
from storefront.foundation.database import db
from storefront.foundation.errors import SettingsError
from storefront.foundation.guard import install_guard
from storefront.foundation.logging import install_logging
from storefront.foundation.migrations import migrate
from storefront.foundation.page_serving import install_page_files
from storefront.foundation.pages import install_errors, install_templates
from storefront.foundation.roles import register_roles
from storefront.inventory import counts
from storefront.shipping.queries import read_delivery_note

BLUEPRINTS = (  # each served when STOREFRONT_ROLES brings its role (storefront/foundation/roles.py)
    health.blueprint, storefront.browse.views.blueprint, storefront.search.views.blueprint,
    storefront.catalog.views.blueprint, storefront.cart.views.blueprint, storefront.checkout.views.blueprint,
    storefront.orders.views.blueprint, storefront.accounts.views.blueprint, storefront.payments.views.blueprint,
    storefront.shipping.views.blueprint,
)
COMMANDS = (  # `flask <name> …`
    storefront.accounts.commands.group, storefront.catalog.commands.group, storefront.orders.commands.group,
    storefront.checkout.commands.group, workers.commands.group, workers.doctor.command, workers.audit.command,
    workers.gateway.group, workers.pages_commands.group, storefront.recommendations.commands.group,
    storefront.search.commands.group, storefront.taxes.commands.group, demo.commands.command,
)


def create_app(environ: Mapping[str, str] | None = None) -> Flask:
    """Build the application; wrong settings end the process with one sentence and exit code 1."""
    try:
        settings = read_settings(environ)
    except SettingsError as error:
        raise SystemExit(f"Settings: {error}") from None
    app = Flask(__name__)
    app.config.from_mapping(flask_config(settings))
    for install in (install_logging, install_guard, install_templates, install_page_files, install_errors):
        install(app)
    app.jinja_env.globals["site"] = site
    for extension in (db, migrate, cache, login_manager):
        extension.init_app(app)
    after_sign_in[:] = [storefront.cart.views.merge_on_sign_in]  # what a context needs of one above it, in plain sight
    storefront.cart.views.delivery_notes[:], storefront.cart.views.pairings[:] = [read_delivery_note], [show_goes_with]
    sellable_variants[:], app.extensions["stock"] = [counts.select_sellable], counts  # for collections and imports
    Htmx(app)
    register_roles(app, BLUEPRINTS, settings.roles)
    if "admin" in settings.roles:
        admin.install_admin(app)
    if settings.is_demo:
        app.register_blueprint(demo.views.blueprint)
    install_commands(app, COMMANDS)
    return app
