"""Jobs of imports that staff asked for."""

from __future__ import annotations

from flask import current_app

from storefront.catalog.importer.uploads import work_on_import


def go_on(import_id: int) -> None:
    """After ImportRequested: a slice of the import, or of undoing it."""
    work_on_import(import_id=import_id, stock=current_app.extensions["stock"])
