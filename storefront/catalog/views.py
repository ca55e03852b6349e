"""Pictures, where no web server in front serves the media folder itself."""

from __future__ import annotations

from flask import Blueprint, abort, send_file
from werkzeug.wrappers import Response

from storefront.catalog.media import MIME_TYPES, picture_path
from storefront.foundation.headers import FOREVER

blueprint = Blueprint("media", __name__)


@blueprint.get("/media/<key>/<int:width>.<ext>")
def show(key: str, width: int, ext: str) -> Response:
    """Answer one file of the media store, to be kept for ever."""
    path = picture_path(key, width, ext)
    if path is None:
        abort(404)
    response = send_file(path, mimetype=MIME_TYPES[ext], conditional=True, etag=f"{key}-{width}-{ext}")
    response.headers["Cache-Control"] = FOREVER
    return response
