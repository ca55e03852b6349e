"""Pictures from a folder, by the last part of their address."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from storefront.catalog.entries import ImageEntry
from storefront.catalog.errors import InvalidPicture
from storefront.catalog.importer.formats import ReadProduct
from storefront.catalog.importer.order import Order
from storefront.catalog.media import store_picture
from storefront.foundation.csv_files import Rejection


def take_pictures(read: ReadProduct, order: Order) -> ReadProduct:
    """Store the product's pictures that the folder has; outside of any transaction, for it is slow."""
    if order.images_dir is None or read.entry is None or read.entry.images is None:
        return read
    images = tuple(_from_folder(image, order, read) for image in read.entry.images)
    return replace(read, entry=replace(read.entry, images=images))


def _from_folder(image: ImageEntry, order: Order, read: ReadProduct) -> ImageEntry:
    name = unquote(urlsplit(image.source_url).path.rpartition("/")[2])
    path = (order.images_dir or Path()) / name
    if not name or Path(name).name != name or "\0" in name or not path.is_file():
        return image
    try:
        # A dry run only says that it would be taken; nothing is written.
        return image if order.is_dry_run else replace(image, key=store_picture(path.read_bytes()).key)
    except InvalidPicture as error:
        read.rejections.append(Rejection(read.line, "Image Src", f"{name}: {error}"))
        return image
