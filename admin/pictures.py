"""The picture field of banners, tiles, sections and their links: shown, replaced by an upload, removed."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from werkzeug.datastructures import FileStorage
from wtforms import Field
from wtforms.utils import unset_value
from wtforms.widgets import html_params

from storefront.catalog.media import KEY, Picture, picture_at, store_picture
from storefront.foundation.errors import ShopError


class PictureField(Field):
    """A key of the media store. An upload is kept at once, so that an error elsewhere does not lose it."""

    def __init__(self, label: str, **kwargs: Any) -> None:
        kwargs.setdefault("description", "JPEG, PNG, WebP, AVIF or GIF.")
        super().__init__(label, **kwargs)

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Read the key from the row, then from the form; a file that is no picture is an error."""
        self.process_errors: list[str] = []
        self.raw_data = None
        self.object_data = self.data = "" if data is unset_value or data is None else data
        if not formdata:
            return
        kept = formdata.get(f"{self.name}-kept", "")
        is_removed = bool(formdata.get(f"{self.name}-removed"))
        self.data = kept if not is_removed and KEY.fullmatch(kept) and picture_at(kept, "") else ""
        for file in formdata.getlist(self.name):
            if isinstance(file, FileStorage) and file.filename:
                self._store(file)

    def _store(self, file: FileStorage) -> None:
        try:
            self.data = store_picture(file.read()).key
        except ShopError as error:
            self.process_errors.append(str(error))

    def picture(self) -> Picture | None:
        """Return the present picture for the form."""
        return picture_at(self.data, "") if self.data else None

    def widget(self, field: Field, **kwargs: Any) -> Markup:
        """Render the file input and the key that is kept; templates show the picture."""
        kwargs.setdefault("id", self.id)
        file = html_params(type="file", name=self.name, accept="image/jpeg,image/png,image/webp,image/avif,image/gif",
                           **kwargs)
        kept = html_params(type="hidden", name=f"{self.name}-kept", value=self.data or "")
        return Markup(f"<input {file}><input {kept}>")  # noqa: S704  # html_params escapes every value
