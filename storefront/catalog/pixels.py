"""Pictures from strangers, decoded within limits and encoded anew (ASVS 5.2, 5.3; pixel bombs, polyglots).

The header is read first: what is not an allowed format, or has too many pixels, is refused before a single
one is decoded. Nothing of the original file survives but its pixels: no EXIF, no profile, no trailing bytes.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from storefront.catalog.errors import InvalidPicture

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000  # 50 megapixels: about 200 MB once decoded
MAX_SIDE = 16_000  # WebP holds at most 16383
MASTER_WIDTH = 2400
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")
REFUSAL = "This is not a picture that the shop takes: a JPEG, PNG, WebP, AVIF or GIF is needed."

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
# Pillow only warns up to twice the limit; here that is a refusal too.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Pixels:
    """A decoded picture in sRGB, upright, with or without transparency."""

    image: Image.Image

    @property
    def width(self) -> int:
        return self.image.width

    @property
    def height(self) -> int:
        return self.image.height

    @property
    def has_alpha(self) -> bool:
        return self.image.mode == "RGBA"

    def narrowed_to(self, width: int) -> Pixels:
        """Return the picture at most this wide, its shape kept."""
        if self.width <= width:
            return self
        height = max(1, round(self.height * width / self.width))
        return Pixels(self.image.resize((width, height), Image.Resampling.LANCZOS))


def read_size(data: bytes) -> tuple[int, int]:
    """Return width and height from the header; raises InvalidPicture."""
    with _open(data) as image:
        return image.size


def decode_picture(data: bytes) -> Pixels:
    """Return the picture's pixels; raises InvalidPicture with a sentence for the person who sent it."""
    with _open(data) as image:
        try:
            image.draft("RGB", (MASTER_WIDTH, MASTER_WIDTH))  # a huge JPEG is decoded at a fraction of its size
            image.load()
            return Pixels(_normalized(image))
        except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError,
                Image.DecompressionBombWarning) as error:
            raise InvalidPicture("The picture is damaged or incomplete and cannot be read.") from error


def encode_picture(pixels: Pixels, extension: str, *, is_master: bool = False) -> bytes:
    """Return the picture as a file of that format, without metadata."""
    image = pixels.image
    target = io.BytesIO()
    if extension == "avif":
        image.save(target, "AVIF", quality=62, speed=7)
    elif extension == "webp":
        image.save(target, "WEBP", quality=92 if is_master else 80, method=4)
    else:
        _flat(image).save(target, "JPEG", quality=92 if is_master else 82, optimize=True, progressive=True)
    return target.getvalue()


def _open(data: bytes) -> Image.Image:
    if len(data) > MAX_BYTES:
        raise InvalidPicture(f"The picture has {len(data) // 1_048_576} MB; at most {MAX_BYTES // 1_048_576} fit.")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise InvalidPicture(f"The picture has more than {MAX_PIXELS // 1_000_000} megapixels.") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, OverflowError) as error:
        raise InvalidPicture(REFUSAL) from error
    width, height = image.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        image.close()
        raise InvalidPicture(f"The picture is {width} × {height} pixels; at most {MAX_PIXELS // 1_000_000} "
                             f"megapixels and {MAX_SIDE} a side fit.")
    return image


def _normalized(image: Image.Image) -> Image.Image:
    upright = ImageOps.exif_transpose(image)
    has_alpha = upright.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in upright.info
    profile = upright.info.get("icc_profile")
    if profile and upright.mode in ("RGB", "CMYK", "L"):
        upright = _in_srgb(upright, profile)
    plain = upright.convert("RGBA" if has_alpha else "RGB")
    if has_alpha and plain.getchannel("A").getextrema() == (255, 255):
        plain = plain.convert("RGB")  # transparency that hides nothing
    plain.info.clear()
    return plain


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image  # a broken profile costs a shade, not the picture
    return converted if converted is not None else image


def _flat(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground
