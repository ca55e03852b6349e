"""The writes of product images that jobs make: what was fetched, the renditions, what failed.

Staff add, order, describe and remove images through save_product, as they do everything of a product.
"""

from __future__ import annotations

from sqlalchemy import select

from storefront.catalog.events import CategoryChanged, ImageAdded, ProductChanged
from storefront.catalog.media import StoredImage, make_all_renditions
from storefront.catalog.models import Image, ImageState, Product, ProductStatus
from storefront.foundation.cache import invalidate
from storefront.foundation.database import db, transactional
from storefront.foundation.outbox import record

MAX_ATTEMPTS = 5  # of fetching by itself; staff may ask for more


def make_renditions(image_id: int) -> None:
    """Make the files that the image still lacks (a job; a second call makes none)."""
    image = db.session.get(Image, image_id)
    if image is None or image.state is not ImageState.READY:
        return
    keep_picture(image_id=image_id, stored=make_all_renditions(image.key))


@transactional
def keep_picture(*, image_id: int, stored: StoredImage) -> None:
    """Point the image at stored files; the same files change nothing."""
    image = db.session.get(Image, image_id)
    if image is None:
        return
    if image.state is ImageState.READY and (image.key, image.renditions) == (stored.key, stored.renditions):
        return
    image.key, image.width, image.height, image.renditions = stored.key, stored.width, stored.height, stored.renditions
    image.state, image.problem = ImageState.READY, ""
    _tell(image.product)


@transactional
def note_failure(*, image_id: int, problem: str, is_final: bool) -> None:
    """Keep why the image could not be fetched; a final failure, or the fifth, waits for staff."""
    image = db.session.get(Image, image_id)
    if image is None or image.state is ImageState.READY:
        return
    image.attempts += 1
    image.problem = problem[:500]
    image.state = ImageState.FAILED if is_final or image.attempts >= MAX_ATTEMPTS else ImageState.PENDING


@transactional
def requeue_images(*, includes_failed: bool) -> int:
    """Ask again for images that are not at hand and return how many.

    Without `includes_failed` only those whose last try failed and may yet succeed: for the schedule. Asked again,
    an image has no problem until the next try, so it is not asked for twice.
    """
    waiting = select(Image).where(Image.state != ImageState.READY, Image.source_url != "")
    if not includes_failed:
        waiting = waiting.where(Image.state == ImageState.PENDING, Image.problem != "")
    images = db.session.scalars(waiting.order_by(Image.id)).all()
    for image in images:
        image.state, image.problem = ImageState.PENDING, ""
        image.attempts = 0 if includes_failed else image.attempts
        record(ImageAdded(image.id))
    return len(images)


def _tell(product: Product) -> None:
    invalidate("catalog")
    record(ProductChanged(product.id))
    if product.status is ProductStatus.ACTIVE:
        for category in product.categories:
            record(CategoryChanged(category.id))
