"""A product's pictures: add, describe, order, remove."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose
from werkzeug.datastructures import FileStorage

from admin.access import actor
from admin.meanwhile import ChangedMeanwhile, check_shown
from admin.product_edits import edit_product, find_product
from admin.product_forms import ImagesForm, UploadForm
from admin.views import Answer
from storefront.catalog.entries import ImageEntry, ProductEntry
from storefront.catalog.media import picture_of, store_picture
from storefront.catalog.models import Product
from storefront.foundation.errors import ShopError


class PicturePages:
    """The pictures tab of a product."""

    page_of: Any

    @expose("/<int:product_id>/pictures", methods=("GET", "POST"))
    def pictures(self, product_id: int) -> Answer:
        """Texts, order and removal."""
        form = _form_of(find_product(product_id), request.form if request.method == "POST" else None)
        problem: str | list[str] = ""
        if request.method == "POST" and form.validate():
            try:
                edit_product(product_id=product_id, actor=actor(),
                             check=lambda row: check_shown(form, _form_of(row), "product"),
                             change=lambda entry, row: _arranged(entry, row, form.images.data))
                flash("The pictures are saved.", "success")
                return redirect(url_for(".pictures", product_id=product_id), 303)
            except ChangedMeanwhile as error:
                form, problem = error.form, error.told
            except ShopError as error:
                problem = str(error)
        return self._pictures_page(product_id, form, problem)

    @expose("/<int:product_id>/pictures/upload", methods=("POST",))
    def add_pictures(self, product_id: int) -> Answer:
        """Take uploads: each is checked and encoded anew before it is kept; a job makes the other sizes."""
        product = find_product(product_id)
        files = [file for file in UploadForm(request.files).files.data or [] if isinstance(file, FileStorage) and file]
        kept, problems = _store(files)
        if kept:
            edit_product(product_id=product_id, actor=actor(), change=lambda entry, row: _with_pictures(entry, kept))
            flash(f"{len(kept)} picture{'' if len(kept) == 1 else 's'} added. Now say what each shows.", "success")
        if not problems and not kept:
            problems = ["Choose at least one picture."]
        if problems:
            return self._pictures_page(product_id, _form_of(product), " ".join(problems))
        return redirect(url_for(".pictures", product_id=product_id), 303)

    def _pictures_page(self, product_id: int, form: ImagesForm, problem: str | list[str]) -> Answer:
        images = {str(image.id): (image, picture_of(image)) for image in find_product(product_id).images}
        answer: Answer = self.page_of(product_id, "pictures", form=form, problem=problem, images=images,
                                      upload=UploadForm())
        return answer


def _form_of(product: Product, sent: Any = None) -> ImagesForm:
    return ImagesForm(sent, data={"images": [{"image_id": str(image.id), "alt": image.alt, "position": place}
                       for place, image in enumerate(product.images, start=1)]})


def _store(files: list[FileStorage]) -> tuple[list[str], list[str]]:
    """Return the keys of the pictures that were kept, and a sentence for each file that was not."""
    kept, problems = [], []
    for file in files:
        try:
            kept.append(store_picture(file.read()).key)
        except ShopError as error:
            problems.append(f"{(file.filename or 'A file')[:80]}: {error}")
    return kept, problems


def _with_pictures(entry: ProductEntry, keys: list[str]) -> ProductEntry:
    known = {image.key for image in entry.images or ()}
    new = tuple(ImageEntry(key=key) for key in dict.fromkeys(keys) if key not in known)
    return replace(entry, images=(entry.images or ()) + new)


def _arranged(entry: ProductEntry, product: Product, rows: list[dict[str, Any]]) -> ProductEntry:
    """Return the entry with its pictures told, ordered and thinned as the rows say; unknown ids are passed over."""
    said = {row["image_id"]: row for row in rows}
    kept = []
    for place, (image, entry_image) in enumerate(zip(product.images, entry.images or (), strict=True)):
        row = said.get(str(image.id))
        if row is None:
            kept.append((place + 1, place, entry_image))
        elif not row["is_removed"]:
            kept.append((row["position"] or place + 1, place, replace(entry_image, alt=row["alt"])))
    kept.sort(key=lambda item: item[:2])
    now_at = {before: at for at, (_, before, _) in enumerate(kept)}
    variants = tuple(
        replace(variant, image_index=None if variant.image_index is None else now_at.get(variant.image_index))
        for variant in entry.variants)
    return replace(entry, images=tuple(image for _, _, image in kept), variants=variants)
