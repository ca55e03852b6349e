"""Flask-Migrate, set up so that `flask db check` sees every difference."""

from __future__ import annotations

from flask_migrate import Migrate

from storefront.foundation.database import db

migrate = Migrate(db=db, compare_type=True, render_as_batch=True)
