"""Jobs that bring pictures to hand."""

from __future__ import annotations

import storefront.content.services as content
from storefront.catalog import fetching, images, media


def fetch_image(image_id: int) -> None:
    """After ImageAdded."""
    fetching.fetch_image(image_id=image_id)


def make_renditions(key: str) -> None:
    """After PictureUploaded."""
    media.make_all_renditions(key)
    content.refresh_pictures()


def retry_failed_images() -> None:
    """Each minute: ask again for pictures whose address did not answer."""
    images.requeue_images(includes_failed=False)
