"""Pictures from a folder, by the last part of their address; and what became of those that were to be fetched."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy import func, select

from storefront.catalog.entries import ImageEntry
from storefront.catalog.errors import InvalidPicture
from storefront.catalog.import_models import Import, ImportChange
from storefront.catalog.importer.formats import ReadProduct
from storefront.catalog.importer.order import Order
from storefront.catalog.media import store_picture
from storefront.catalog.models import Image, ImageState
from storefront.foundation.csv_files import Rejection
from storefront.foundation.database import db

REASONS = 5  # said of pictures that did not come


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


def say_fetched(row: Import) -> str:
    """Return how many pictures of the products that the import wrote came from their addresses, and why others not."""
    if row.is_dry_run or not row.counts.get("images_to_fetch"):
        return ""
    rows = db.session.execute(
        select(Image.state, Image.problem, func.count()).join(ImportChange, ImportChange.product_id == Image.product_id)
        .where(ImportChange.import_id == row.id, Image.source_url != "")
        .group_by(Image.state, Image.problem).order_by(func.count().desc(), Image.problem)).all()
    total = sum(count for *_, count in rows)
    if not total:
        return ""
    came = sum(count for state, _, count in rows if state is ImageState.READY)
    reasons: Counter[str] = Counter()  # given up and to be tried again alike
    for state, problem, count in rows:
        if state is ImageState.FAILED or (state is ImageState.PENDING and problem):
            reasons[problem.removesuffix(".") or "no reason is known"] += count
    missing = reasons.most_common()
    waiting = total - came - reasons.total()
    said = f"{came} of {total} pictures came"
    if missing:
        more = "; and other reasons" if len(missing) > REASONS else ""
        named = "; ".join(f"{problem} ({count})" for problem, count in missing[:REASONS])
        said += f", {reasons.total()} did not: {named}{more}"
    return f"{said}{f', {waiting} still to come' if waiting else ''}."
