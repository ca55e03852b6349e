"""Changes of a product as staff make them: read whole, changed in part, saved by the catalog's own service.

Reading and saving are one transaction, so that two people who edit different tabs of a product at the same time do
not undo each other; two on one tab meet in meanwhile.py.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from storefront.catalog.entries import ProductEntry, SaveResult
from storefront.catalog.errors import UnknownProduct
from storefront.catalog.models import Product
from storefront.catalog.portrait import entry_of
from storefront.catalog.services import rename_product, save_product
from storefront.foundation.database import db, transactional

Change = Callable[[ProductEntry, Product], ProductEntry]
Check = Callable[[Product], None]


@transactional
def edit_product(*, product_id: int, change: Change, actor: str, slug: str = "",
                 replaces_variants: bool = False, check: Check | None = None) -> SaveResult:
    """Save the product as `change` returns it; `slug` moves it to another address first.

    With `replaces_variants` the entry comes without variants and `change` brings them all. `check` looks at the
    locked product first and may refuse it. Raises what the catalog's services raise, and InvalidProduct while a
    variant that is to stay as it is has no price.
    """
    product = find_product(product_id, lock=True)
    if check is not None:
        check(product)
    if slug and slug != product.slug:
        rename_product(product_id=product_id, slug=slug, actor=actor)
    return save_product(entry=change(entry_of(product, with_variants=not replaces_variants), product), actor=actor)


def find_product(product_id: int, *, lock: bool = False) -> Product:
    """Return the product; raises UnknownProduct."""
    statement = select(Product).where(Product.id == product_id)
    product = db.session.scalar(statement.with_for_update() if lock else statement) if product_id < 2**31 else None
    if product is None:
        raise UnknownProduct("There is no such product; it may have been deleted.")
    return product
