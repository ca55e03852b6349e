"""What spreadsheets save as CSV: in which letters a file is written and what divides its cells.

Only what is certain is taken for anything else than UTF-8 with commas: UTF-16 says so in its first two bytes, and
Windows-1252 is what is no UTF-8 anywhere beyond ASCII and holds no signs that text has not.
"""

from __future__ import annotations

import codecs
import re
import tempfile
from collections.abc import Iterator
from typing import BinaryIO, cast

UTF8, WINDOWS = "utf-8", "cp1252"
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
DIVIDERS = ",;\t"
PIECE = 1024 * 1024
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_NO_LETTER = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")  # Windows-1252 has no sign for these


class NoText(Exception):
    """The file is no text at all."""


def find_encoding(file: BinaryIO) -> str:
    """Return utf-8 or cp1252, whatever the file is; utf-8 too for one that is damaged, which reading will name by line.

    Raises NoText for what is neither and holds signs that no text has: a picture, a program.
    """
    if _is_utf8(file):
        return UTF8
    sequences = strays = 0
    is_windows = True
    for piece in _pieces(file):
        if _CONTROL.search(piece):
            raise NoText
        is_windows = is_windows and not _NO_LETTER.search(piece)
        sequences += len(_SEQUENCE.findall(piece))
        strays += len(_BEYOND_ASCII.findall(_SEQUENCE.sub(b"", piece)))
    # “NESTLÉ®” happens to be UTF-8 as well; a file that mostly is, is UTF-8 with a fault in it.
    return WINDOWS if is_windows and strays > sequences else UTF8


def turn_to_utf8(file: BinaryIO) -> BinaryIO:
    """Return a private copy of a UTF-16 file in UTF-8, the same each time: its bytes can be counted as positions.

    Raises NoText when it is none.
    """
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-16")()
    copy = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115  # the caller closes it
    try:
        while piece := file.read(PIECE):
            copy.write(decoder.decode(piece).encode())
        decoder.decode(b"", final=True)
    except UnicodeError:
        copy.close()
        raise NoText from None
    return copy


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """Read the file in pieces that end with a line, where its lines are no longer than any that is read."""
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece + file.readline(4 * PIECE)


def _is_utf8(file: BinaryIO) -> bool:
    """Tell whether the file is UTF-8 throughout, or calls itself so and is damaged."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(UTF8)()
    is_said = False
    try:
        while piece := file.read(PIECE):
            is_said = is_said or piece.startswith(codecs.BOM_UTF8)
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return is_said
    return True
