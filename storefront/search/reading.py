"""What a text asks for: its words with everything that may stand for them, and the questions to put to an engine."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from storefront.search.analysis import Word, join, name_group, read_code, read_words, stem
from storefront.search.engines.port import AllOf, AnyOf, Expression
from storefront.search.ranking import CODE, GROUP, Feature, weigh
from storefront.search.spelling import Correction, Known, Speller, complete, contain, read_uses
from storefront.search.synonyms import SHARE, Synonyms

MAX_WORDS = 10
MAX_CODES = 4
RARE = 1000  # documents that rare words may bring in together
MAX_SINGLE = 300  # that a part of the words may bring in
PREFIX = 2  # letters of a word that is still being typed, from which its endings are thought of
# Shares of a word's worth: of what it may become, of what it was corrected to.
ENDING, CORRECTION = 0.8, 0.9
DOUBT = 0.5  # of what was perhaps meant: it finds nothing, but lifts what is found
LEAST_BEGUN = 5  # signs of a SKU, one of them no letter or the query no known words, from which its beginning finds it


@dataclass(slots=True)
class Asked:
    """A word of the query; nothing stands for it when `uses` is 0."""

    word: Word
    uses: int = 0
    shares: dict[str, float] = field(default_factory=dict)  # term → share of the word's worth
    others: list[Expression] = field(default_factory=list)  # what fits instead of one of the terms
    shares_of_phrases: dict[str, float] = field(default_factory=dict)  # terms of synonyms of several words
    endings: list[Known] = field(default_factory=list)
    meant: Correction | None = None  # put in its place
    doubted: Correction | None = None  # perhaps meant; the word is passed over

    @property
    def terms(self) -> set[str]:
        return {self.word.term, *self.shares, *self.shares_of_phrases}

    @property
    def said(self) -> str:
        """Return the term of the word, or of what was meant by it."""
        return self.word.term if self.meant is None else self.meant.parts[0].term

    @property
    def is_unknown(self) -> bool:
        return self.meant is not None or not (self.shares or self.others)

    @property
    def expression(self) -> Expression:
        return AnyOf([*self.shares, *self.others])

    def divide(self) -> list[Asked]:
        """Return a word for each of the two that were written together."""
        if self.meant is None or len(self.meant.parts) == 1:
            return [self]
        return [Asked(self.word if not place else Word(known.word, known.term), known.uses, {known.term: CORRECTION},
                      meant=None if place else self.meant) for place, known in enumerate(self.meant.parts)]


@dataclass(frozen=True, slots=True)
class Question:
    """A query as it is understood."""

    query: str
    words: Sequence[Asked]
    helpers: Mapping[str, int]  # pieces and joints of the words, with their uses
    codes: Sequence[str]
    groups: Mapping[str, float]  # the query, and what means the same, as the name of a category or brand
    documents: int

    @property
    def known(self) -> list[Asked]:
        return [asked for asked in self.words if asked.shares or asked.others]

    @property
    def endings(self) -> list[Known]:
        """What the last word may become."""
        return self.words[-1].endings if self.words else []

    def features(self, *, with_codes: bool = False) -> list[Feature]:
        """Return what ranking looks for."""
        found = [Feature(asked.shares_of_phrases | asked.shares, weigh(asked.uses, self.documents))
                 for asked in self.known]
        found += [Feature({term: 1.0}, weigh(uses, self.documents), is_word=False)
                  for term, uses in self.helpers.items()]
        found.append(Feature(self.groups, GROUP * sum(each.worth for each in found), is_word=False))
        found += [Feature({known.term: DOUBT}, weigh(known.uses, self.documents), is_word=False)
                  for asked in self.words if asked.doubted for known in asked.doubted.parts]
        return found + [Feature({code: 1.0}, CODE, is_word=False) for code in self.codes if with_codes]

    def code(self) -> Expression | None:
        """Return what a product's SKU or GTIN fits, or begins with."""
        return AnyOf(self.codes) if self.codes else None

    def whole(self) -> Expression | None:
        """Return what every word fits."""
        return AllOf([asked.expression for asked in self.known]) if self.known else None

    def rare(self) -> Expression | None:
        """Return what any of the rare terms fits: together they bring in no more than RARE documents.

        None where that is what all words fit.
        """
        if len(self.known) == 1 and not self.helpers:
            return None
        uses = {term: asked.uses for asked in self.known for term in asked.shares} | dict(self.helpers)
        kept, total = [], 0
        for term, count in sorted(uses.items(), key=lambda pair: (pair[1], pair[0])):
            if not count:
                continue
            if total + count > RARE:
                break
            kept.append(term)
            total += count
        return AnyOf(kept) if kept else None

    def fewer(self) -> Iterator[tuple[Expression, int]]:
        """Yield what fits less and less of the words, with how many of it are wanted."""
        rare = self.rare()
        if rare is not None:
            yield rare, RARE
        yield from ((part, MAX_SINGLE) for part in self.parts())

    def parts(self) -> Iterator[Expression]:
        """Yield all words but one, any two of the rarest three, each of them."""
        rarest = [asked.expression for asked in sorted(self.known, key=lambda asked: asked.uses)]
        if len(rarest) > 2:
            yield AnyOf([AllOf(part) for part in combinations(rarest, len(rarest) - 1)])
        if len(rarest) > 3:
            yield AnyOf([AllOf(part) for part in combinations(rarest[:3], 2)])
        if len(rarest) > 1:
            yield from rarest


def read_question(query: str, *, speller: Speller, documents: int, language: str, synonyms: Synonyms,
                  is_typing: bool = False, doubted: bool = False) -> Question:
    """Return what the query asks for.

    A word that no document holds stands for its endings, else for the word that was probably meant. `is_typing`
    thinks of endings for the last word in any case; `doubted` corrects words though they are known.
    """
    words = _choose(read_words(query, language))
    asked = [Asked(word) for word in words]
    synonyms.add_to(asked)
    joints = {joint for pair in pairwise(words) if not pair[0].is_signs and not pair[1].is_signs
              for joint in _join(*pair, language)}
    helpers = joints | {piece for word in words for piece in word.pieces}
    uses = read_uses(speller.side, helpers.union(*(item.terms for item in asked))) if asked else {}
    for left, right in pairwise(asked):
        both = [joint for joint in _join(left.word, right.word, language) if joint in uses]
        left.others += both
        right.others += both
    for place, item in enumerate(asked):
        is_last = is_typing and place == len(asked) - 1 and query[-1:].isalnum()
        _understand(item, speller, uses, is_unfinished=is_last, is_doubted=doubted)
    asked = [part for item in asked for part in item.divide()]
    if any(item.meant is not None and item.said in synonyms.words.values() for item in asked):
        _add_synonyms(asked, synonyms, speller.side)
    own = {term for item in asked for term in item.shares}
    codes = _codes(query, asked)
    helping = {term: uses[term] for term in sorted(helpers - own) if term in uses}
    return Question(query, asked, helping, codes, _groups(asked, synonyms), documents)


def _codes(query: str, asked: Sequence[Asked]) -> list[str]:
    """Return the terms of the SKUs and GTINs that the query may be; with a `*` last, of what it may begin.

    Letters alone, or words, begin a code only where one of them is unknown: who types `plate` wants no PLATE-7.
    """
    codes = [code for code in dict.fromkeys(map(read_code, (query, *query.split()[:MAX_CODES]))) if code]
    is_code = not query.isalpha() and " " not in query
    if codes and len(query) >= LEAST_BEGUN and (is_code or any(item.is_unknown for item in asked)):
        codes.append(f"{codes[0]}*")
    return codes


def _add_synonyms(asked: Sequence[Asked], synonyms: Synonyms, side: str) -> None:
    """Let the synonyms of what was meant stand for it too."""
    synonyms.add_to(asked)
    uses = read_uses(side, set().union(*(item.terms for item in asked)))
    for item in asked:
        if item.meant is not None:
            item.uses = max([item.uses, *(uses.get(term, 0) for term in item.terms)])


def _groups(asked: Sequence[Asked], synonyms: Synonyms) -> dict[str, float]:
    terms = tuple(item.said for item in asked)
    return {name_group(other): SHARE for other in synonyms.of.get(terms, ())} | {name_group(terms): 1.0}


def _join(left: Word, right: Word, language: str) -> list[str]:
    """Return the terms of two words written as one: `table ware`."""
    joint = join(left, right)
    return list(dict.fromkeys((joint, stem(joint, language))))


def _understand(asked: Asked, speller: Speller, uses: Mapping[str, int], *, is_unfinished: bool,
                is_doubted: bool) -> None:
    word, is_joined = asked.word, bool(asked.others)
    own = 0 if is_doubted else uses.get(word.term, 0)
    if own:
        asked.shares[word.term] = 1.0
    if word.pieces and all(piece in uses for piece in word.pieces):
        asked.others.append(AllOf(word.pieces))
    asked.uses = own or max((uses.get(term, 0) for term in (*asked.shares, *asked.shares_of_phrases)), default=0) \
        or min((uses.get(piece, 0) for piece in word.pieces), default=0)
    if word.is_signs or is_doubted:
        may_go_on = False
    elif is_unfinished:
        may_go_on = len(word.text) >= PREFIX
    else:
        may_go_on = not asked.uses and len(word.text) > PREFIX
    corrected: Correction | None = None
    if may_go_on and not asked.uses and not is_joined:
        asked.endings, corrected = speller.complete_or_correct(word.text)
    elif may_go_on:
        asked.endings = complete(speller.side, word.text)
    _take(asked, asked.endings)
    if word.is_single_sign:
        _take(asked, contain(speller.side, word.text))
    if asked.shares or word.is_signs or is_joined:
        return
    found = corrected if may_go_on else speller.correct(word.text)
    if found is not None and found.is_sure:
        asked.meant = found
        asked.shares |= dict.fromkeys((known.term for known in found.parts), CORRECTION)
        asked.uses = max(asked.uses, found.uses)
        return
    asked.doubted = found
    if len(word.text) > PREFIX + 1:
        _take(asked, contain(speller.side, word.text))


def _take(asked: Asked, longer: Collection[Known]) -> None:
    """Let the longer words stand for the one that is a part of them."""
    for known in longer:
        asked.shares.setdefault(known.term, 1.0 if known.word == asked.word.text else ENDING)
        asked.uses = max(asked.uses, known.uses)


def _choose(words: Collection[Word]) -> list[Word]:
    """Return the words once each; lone letters count only when nothing else is said."""
    once = list({word.term: word for word in words}.values())
    longer = [word for word in once if len(word.text) > 1 or word.is_signs or word.text.isdigit()]
    return (longer or once)[:MAX_WORDS]
