"""The categories that a file names: paths of slugs with their names, made where they are missing."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from slugify import slugify as _slugify
from sqlalchemy import func, select

from storefront.catalog.models import Category
from storefront.catalog.services import save_category
from storefront.foundation.database import db

slugify = lru_cache(maxsize=4096)(_slugify)  # a file says the same few names again and again
CategoryPath = tuple[tuple[str, str], ...]  # (slug, name) from the root down
LAST = 10_000  # the highest place of a category; more of them stand by their names


def read_paths(text: str) -> tuple[CategoryPath, ...]:
    """Return the categories of `ceramics/bowls, light`; what is no path is passed over."""
    paths = (tuple((slug, slug.replace("-", " ").capitalize()) for slug in piece.strip().split("/") if slug)
             for piece in text.split(","))
    return tuple(path for path in paths if path)


def path_of(names: Iterable[str]) -> CategoryPath:
    """Return the category of these names from the root down; what makes no address is left out."""
    return tuple((slugify(name)[:120], name[:120]) for name in names if slugify(name))


def ensure_categories(paths: Iterable[CategoryPath], known: dict[CategoryPath, str],
                      made: dict[str, str]) -> tuple[str, ...]:
    """Return the paths in the shop, making what is missing, after what is there.

    `known` remembers them for the next product, `made` the names of new ones by path.
    """
    for path in paths:
        if path not in known:
            known[path] = _ensure(path, made)
    return tuple(dict.fromkeys(known[path] for path in paths))


def _ensure(path: CategoryPath, made: dict[str, str]) -> str:
    """A lone name finds the category with its slug wherever it lies, the highest one."""
    wanted = "/".join(slug for slug, _ in path)
    found = select(Category.path).where(Category.path == wanted)
    if len(path) == 1:
        found = (select(Category.path).where(Category.slug == wanted)
                 .order_by(func.length(Category.path), Category.path).limit(1))
    present = db.session.scalar(found)
    if present is not None:
        return present
    if len(path) > 1:
        above = _ensure_exactly(path[:-1], made)
        wanted = f"{above}/{path[-1][0]}"
    _make(wanted, path[-1][1], made)
    return wanted


def _ensure_exactly(path: CategoryPath, made: dict[str, str]) -> str:
    wanted = "/".join(slug for slug, _ in path)
    if db.session.scalar(select(Category.id).where(Category.path == wanted)) is None:
        if len(path) > 1:
            _ensure_exactly(path[:-1], made)
        _make(wanted, path[-1][1], made)
    return wanted


def _make(path: str, name: str, made: dict[str, str]) -> None:
    """Make the category as the last of its level: the shop's own order stays."""
    above = path.rpartition("/")[0]
    level = select(Category.id).where(Category.path == above).scalar_subquery() if above else None
    highest = db.session.scalar(select(func.max(Category.position)).where(Category.parent_id == level))
    save_category(path=path, name=name, position=0 if highest is None else min(highest + 1, LAST))
    made[path] = name
