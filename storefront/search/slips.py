"""Words that lie near each other: what may be a slip, what is one for sure. Nothing here asks the database."""

from __future__ import annotations

from itertools import groupby

LEAST = 4  # letters; shorter words have too many neighbors
LEAST_PART = 3  # letters of a word that was written together with another
LONG = 8  # letters from which two slips are forgiven, or one that is the first letter
LONGEST = 20  # letters; longer words have no neighbors, they can only be divided
FIGURES = "0123456789"
# The letters of each script that languages use, folded: a slip puts no rarer one in a word's place.
SCRIPTS = (
    "abcdefghijklmnopqrstuvwxyz", "αβγδεζηθικλμνξοπρστυφχψω", "абвгдежзиклмнопрстуфхцчшщъыьэюяєіґђјљњћџ",
    "אבגדהוזחטיךכלםמןנסעףפץצקרשת", "ءابةتثجحخدذرزسشصضطظعغفقكلمنهويىپچژکگی",
    "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ", "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
    "अआइईउऊऋएऐओऔकखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसहािीुूृेैोौंँः़्", "அஆஇஈஉஊஎஏஐஒஓஔகஙசஞடணதநபமயரலவழளறனாிீுூெேைொோௌ்",
)


def may_be_slip(word: str) -> bool:
    """Tell whether the word is long enough to be another one in disguise; what is a figure is meant as it stands."""
    return len(word) >= LEAST and not word.isdigit()


def slips(word: str) -> set[str]:
    """Return every text that is one letter more, less, other or swapped away; none for a word that is too long."""
    if len(word) > LONGEST:
        return set()
    letters = _letters(word)
    splits = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    less = {left + right[1:] for left, right in splits if right}
    swapped = {left + right[1] + right[0] + right[2:] for left, right in splits if len(right) > 1}
    other = {left + sign + right[1:] for left, right in splits if right for sign in letters}
    more = {left + sign + right for left, right in splits for sign in letters}
    return (less | swapped | other | more) - {word}


def count_slips(word: str) -> int:
    """Return how many texts `slips` writes down at most, without writing them."""
    return 2 * len(word) + (2 * len(word) + 1) * len(_letters(word)) if len(word) <= LONGEST else 0


def _letters(word: str) -> list[str]:
    """Return the letters of the word and of the scripts that it is written in."""
    own = set(word)
    letters = own.union(*(script for script in SCRIPTS if not own.isdisjoint(script)))
    return sorted(letters.union(FIGURES) if any(sign.isdigit() for sign in word) else letters)


def halve(word: str) -> list[tuple[str, str]]:
    """Return every two words that may have been written together."""
    return [(word[:at], word[at:]) for at in range(LEAST_PART, len(word) - LEAST_PART + 1)]


def is_sure(word: str, other: str) -> bool | None:
    """Tell whether nothing else can have been meant; None where two short words are just two words (sale, tale)."""
    if not word.isalpha():
        return True
    is_begun_alike, is_swapped = word[0] == other[0], sorted(word) == sorted(other)
    if len(word) < LEAST + 2 and not is_begun_alike:
        return None
    if len(word) == LEAST:
        return is_swapped
    if len(word) < LEAST + 2:
        return is_swapped or len(word) < len(other) or _once(word) == _once(other)
    return is_begun_alike or (len(word) >= LONG and distance(word, other, 1) == 1)


def begins_askew(word: str, other: str) -> bool:
    """Tell whether a longer word is the other but for a letter too many at its beginning, or two in a wrong order."""
    return len(word) >= LEAST + 2 and (word[1:] == other or (word[1::-1], word[2:]) == (other[:2], other[2:]))


def distance(left: str, right: str, most: int) -> int:
    """Return how many slips lie between two words, or more than `most` as soon as that is sure."""
    before2: list[int] = []
    before = list(range(len(right) + 1))
    for row, sign in enumerate(left, start=1):
        now = [row]
        for column, other in enumerate(right, start=1):
            cost = min(before[column] + 1, now[-1] + 1, before[column - 1] + (sign != other))
            if row > 1 and column > 1 and sign == right[column - 2] and left[row - 2] == other:
                cost = min(cost, before2[column - 2] + 1)
            now.append(cost)
        if min(now) > most:
            return most + 1
        before2, before = before, now
    return before[-1]


def _once(word: str) -> list[str]:
    """Return the letters without those that repeat the one before: `bowll`."""
    return [sign for sign, _ in groupby(word)]
