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


def read_paths(text: str) -> tuple[CategoryPath, ...]:
    """Return the categories of `ceramics/bowls, light`; what is no path is passed over."""
    paths = (tuple((slug, slug.replace("-", " ").capitalize()) for slug in piece.strip().split("/") if slug)
             for piece in text.split(","))
    return tuple(path for path in paths if path)


def path_of(names: Iterable[str]) -> CategoryPath:
    """Return the category of these names from the root down; what makes no address is left out."""
    return tuple((slugify(name)[:120], name[:120]) for name in names if slugify(name))


def ensure_categories(paths: Iterable[CategoryPath], known: dict[CategoryPath, str]) -> tuple[str, ...]:
    """Return the paths in the shop, making what is missing; `known` remembers them for the next product."""
    for path in paths:
        if path not in known:
            known[path] = _ensure(path)
    return tuple(dict.fromkeys(known[path] for path in paths))


def _ensure(path: CategoryPath) -> str:
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
        above = _ensure_exactly(path[:-1])
        wanted = f"{above}/{path[-1][0]}"
    save_category(path=wanted, name=path[-1][1])
    return wanted


def _ensure_exactly(path: CategoryPath) -> str:
    wanted = "/".join(slug for slug, _ in path)
    if db.session.scalar(select(Category.id).where(Category.path == wanted)) is None:
        if len(path) > 1:
            _ensure_exactly(path[:-1])
        save_category(path=wanted, name=path[-1][1])
    return wanted
