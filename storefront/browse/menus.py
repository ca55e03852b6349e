"""What every page says about the shop: its name, its menus. Templates read it as `site`."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from flask import g, has_request_context, request
from sqlalchemy.exc import SQLAlchemyError

from storefront.browse.header import Row, lay_out
from storefront.browse.pages import MenuGroup, MenuLink, SiteMenus
from storefront.browse.queries import read_site_menus
from storefront.foundation.database import db
from storefront.foundation.page_serving import RENDERED_AT
from storefront.foundation.shop import facts

logger = logging.getLogger(__name__)


class SiteFacts:
    """Reads lazily, once a request: a template that shows no menu costs nothing.

    With the database away the menus are empty, so that the page which says so can still be shown; a page that is to
    become a file is not rendered then.
    """

    @property
    def name(self) -> str:
        return facts().site_name

    @property
    def fresh_hours(self) -> int:
        """For so long a page that was rendered ahead counts as fresh (static/js/island.js)."""
        return facts().pages_fresh_hours

    @property
    def menu(self) -> Sequence[MenuLink]:
        return _menus().header

    @property
    def row(self) -> Row:
        """The menu as the header of wide windows shows it."""
        return lay_out(_menus().header)

    @property
    def footer(self) -> Sequence[MenuGroup]:
        return _menus().footer


site = SiteFacts()


def _menus() -> SiteMenus:
    if "site_menus" not in g:
        try:
            g.site_menus = read_site_menus()
        except SQLAlchemyError as error:
            logger.warning("no menus: %s", type(error).__name__)
            db.session.rollback()
            if has_request_context() and RENDERED_AT in request.environ:
                raise
            g.site_menus = SiteMenus([], [])
    menus = g.site_menus
    assert isinstance(menus, SiteMenus)
    return menus
