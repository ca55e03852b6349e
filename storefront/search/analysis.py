"""Text into terms: the one reading of words that documents, queries and both engines share.

A term is what the engines keep: folded (case, accents, width), stemmed when it is a word, whole when it is a code.
`WH-1000XM4` is read as wh, 1000xm4, wh1000xm4 and as the letters and figures it is made of, for merchants and
shoppers divide such names differently. Writing without spaces (CJK, Thai) is read by pairs of signs.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import snowballstemmer

VERSION = 2  # of this reading: an index that was made by another one is not asked
MAX_TERM = 40
SHORT = 60  # characters of a text that many products may have in common
UNIT = 4  # letters; `64 gb` and `hn 5500` may as well be written in one word
LANGUAGES = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi",
    "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "nb": "norwegian",
    "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}
# Letters that have no accent to lose and are yet typed without it.
PLAIN = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d"})
# Written without spaces: CJK with kana and bopomofo, Hangul (whose words grow endings), Thai, Lao, Khmer, Burmese.
UNSPACED = ("\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3100-\u312f\u3400-\u4dbf"
            "\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f")
INDIC = "\u0900-\u0dff"  # its vowels are marks, which Python counts as no letters
_RUN = re.compile(rf"([{UNSPACED}]+|(?:[^\W_{UNSPACED}]|[{INDIC}])+)")
_ASCII_RUN = re.compile("([a-z0-9]+)")
_SIGNS = re.compile(f"[{UNSPACED}]")
# Accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic, and what is not to be seen at all.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f"
                      "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")
_PIECES = re.compile(r"\d+|[^\W\d_]+")
_POSSESSIVE = re.compile(r"['’ʼ](?=s\b)")  # every other apostrophe divides: d'argile is clay
_INCHES = re.compile(r"(?<=\d)\s?[\"”″]")


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it stands in a text: folded, and the terms by which it is kept; the first one is its own."""

    text: str
    term: str
    pieces: tuple[str, ...] = ()  # terms of the letters and figures that it is made of
    is_signs: bool = False  # writing without spaces, of which `term` is a pair
    is_plain: bool = False  # letters alone

    @property
    def is_single_sign(self) -> bool:
        return self.is_signs and len(self.text) == 1


@dataclass(frozen=True, slots=True)
class Passage:
    """A text of a document: each of its terms once (words, their pieces, what may be joined), and its words' terms."""

    terms: tuple[str, ...]
    words: dict[str, str]


def fold(text: str) -> str:
    """Return the text without case, accents and width; scripts whose signs are made of parts stay whole."""
    if text.isascii():
        return text.lower()
    wide = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", wide)).translate(PLAIN)


def read_code(text: str) -> str:
    """Return the term of a whole SKU or GTIN however it is hyphenated; empty when it is none."""
    code = "".join(filter(str.isalnum, fold(text)))
    return f"_{code[:MAX_TERM]}" if len(code) >= 3 else ""


def is_code(code: str, term: str) -> bool:
    """Tell whether a SKU or GTIN is the one that the term means, or begins like a `term*`."""
    said = read_code(code)
    return said.startswith(term[:-1]) if term.endswith("*") else said == term != ""


def name_group(terms: Iterable[str]) -> str:
    """Return a whole name as one term, by which a query that says just that finds a brand's or category's products."""
    said = "_".join(terms)
    return f"__{said}"[:2 * MAX_TERM] if said else ""


def read_words(text: str, language: str) -> list[Word]:
    """Return the words in their order, doubles included."""
    return [word for word, _ in _read(text, language)]


def read_passage(text: str, language: str) -> Passage:
    """Return what a document keeps of the text; what is said of many products (a brand, an option) is read once."""
    return _read_short(text, language) if len(text) <= SHORT else _read_passage(text, language)


def _read_passage(text: str, language: str) -> Passage:
    read = _read(text, language)
    words = {word.text: word.term for word, _ in read}
    terms = dict.fromkeys(words.values())
    if not all(word.is_plain for word, _ in read):
        terms |= dict.fromkeys(piece for word, _ in read for piece in word.pieces)
        terms |= dict.fromkeys(join(left, right) for (left, _), (right, gap) in pairwise(read)
                               if not left.is_signs and not right.is_signs and is_joint(left.text, right.text, gap))
    return Passage(tuple(terms), words)


_read_short = functools.lru_cache(maxsize=20_000)(_read_passage)


def join(left: Word, right: Word) -> str:
    """Return two words as one term."""
    return (left.text + right.text)[:MAX_TERM]


def is_joint(left: str, right: str, gap: str) -> bool:
    """Tell whether two words with a figure in them may as well be one: `kd-55`, `64 gb`, `hn 5500`."""
    if not any(sign.isdigit() for sign in left + right):
        return False
    if len(gap) == 1 and gap != " ":
        return True
    return (left.isdigit() and right.isalpha() and len(right) <= UNIT) or (
        left.isalpha() and len(left) <= UNIT and right[0].isdigit())


@functools.lru_cache(maxsize=100_000)
def stem(word: str, language: str) -> str:
    """Return the word without its ending, as Snowball takes it off; codes and other scripts stay as they are."""
    if not word.isalpha() or len(word) < 3 or language not in LANGUAGES:
        return word[:MAX_TERM]
    return fold(str(_stemmer(language).stemWord(word)))[:MAX_TERM] or word[:MAX_TERM]


@functools.cache
def _stemmer(language: str) -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer(LANGUAGES[language])


def _read(text: str, language: str) -> list[tuple[Word, str]]:
    """Return each word with what stands between it and the one before."""
    plain = _INCHES.sub(" inch ", fold(_POSSESSIVE.sub("", text.replace("\0", " "))))
    parts = (_ASCII_RUN if plain.isascii() else _RUN).split(plain)
    read = zip(parts[1::2], parts[::2], strict=False)  # one gap more than words
    if plain.isascii():
        return [(_word(part, language), gap) for part, gap in read]
    return [(word, gap) for part, gap in read for word in
            ((Word(pair, pair, is_signs=True) for pair in _pairs(part)) if _SIGNS.match(part)
             else (_word(part, language),))]


@functools.lru_cache(maxsize=100_000)
def _word(text: str, language: str) -> Word:
    pieces = _PIECES.findall(text) if not text.isalpha() and not text.isdigit() else []
    return Word(text[:MAX_TERM], stem(text, language),
                tuple(stem(piece, language) for piece in pieces) if len(pieces) > 1 else (), is_plain=text.isalpha())


def _pairs(signs: str) -> list[str]:
    return [signs[at:at + 2] for at in range(len(signs) - 1)] or [signs]
