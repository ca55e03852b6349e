"""The category tree as pages walk it: published nodes, depth first, each level by position and name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from storefront.catalog.addresses import category_url
from storefront.catalog.models import Category


@dataclass(frozen=True, slots=True)
class CategoryNode:
    """A published category whose ancestors are all published."""

    id: int
    parent_id: int | None
    path: str
    name: str
    intro: str
    url: str


def build_tree(categories: Iterable[Category]) -> list[CategoryNode]:
    """Return the nodes depth first; below an unpublished category nothing is shown."""
    below: dict[int | None, list[Category]] = defaultdict(list)
    for category in categories:
        if category.is_published:
            below[category.parent_id].append(category)

    def walk(parent_id: int | None) -> Iterator[CategoryNode]:
        for row in sorted(below[parent_id], key=lambda row: (row.position, row.name, row.id)):
            yield CategoryNode(row.id, row.parent_id, row.path, row.name, row.intro, category_url(row.path))
            yield from walk(row.id)

    return list(walk(None))


def find_node(tree: Sequence[CategoryNode], path: str) -> CategoryNode | None:
    """Return the node at the path."""
    return next((node for node in tree if node.path == path), None)


def children(tree: Sequence[CategoryNode], node_id: int | None) -> list[CategoryNode]:
    """Return the nodes directly below; None names the top."""
    return [node for node in tree if node.parent_id == node_id]


def subtree_ids(tree: Sequence[CategoryNode], node: CategoryNode) -> list[int]:
    """Return the ids of the node and of everything below it."""
    return [item.id for item in tree if item.id == node.id or item.path.startswith(f"{node.path}/")]


def ancestors(tree: Sequence[CategoryNode], node: CategoryNode) -> list[CategoryNode]:
    """Return the nodes above, from the top down, without the node itself."""
    by_id = {item.id: item for item in tree}
    found: list[CategoryNode] = []
    parent = by_id.get(node.parent_id) if node.parent_id is not None else None
    while parent is not None:
        found.insert(0, parent)
        parent = by_id.get(parent.parent_id) if parent.parent_id is not None else None
    return found
