"""Full names that nothing announces: a score of their characters and of what stands beside."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files

from classifier.name_forms import HAN
from classifier.name_lists import begins_thing, name_lists
from classifier.name_statistics import name_statistics
from classifier.personal import FOUND, listed, one_of

_DOUBLE = 4.0  # stands for the odds of a surname of two characters
_UNCOUNTED = 2.0  # of surnames that the dictionary does not have, such as traditional ones
_MARKS = {
    **dict.fromkeys(":(（", "colon"),
    **dict.fromkeys("\"'“‘「『【", "quote"),
    **dict.fromkeys("、/&", "list"),
}
_IS_HAN = re.compile(f"[{HAN}]").match


def scored(text: str) -> Iterator[tuple[int, int]]:
    """Where strings stand in a folded text that score enough; none overlaps another.

    What has little of a name in its characters is passed over, whatever stands beside it.
    """
    position, least = 0, points()["least"]
    for match in _beginning().finditer(text):
        at, given = match.span()
        if at < position or _opening(text[at : given + 1]) < least:
            continue
        end = _best_end(text, at, given)
        if end > at:
            yield at, end
            position = end


def scored_end(text: str, at: int) -> int:
    """Where a name ends, by its score, that may begin here behind words that tell of persons.

    `at` if none does.
    """
    match = _beginning().match(text, at)
    return _best_end(text, *match.span(), told=_told_before(text, at)) if match else at


def _best_end(text: str, at: int, given: int, *, told: str | None = None) -> int:
    """The end of the name that scores best; most names have three characters."""
    best, best_end, bonus, least = 0.0, at, points()["longer"], points()["least"]
    for end in _ends(text, at, given):
        found = _opening(text[at : given + 1]) + _weighed(_of_rest(text, at, given, end))
        if told or found >= least:
            found += _weighed(_of_neighbours(text, at, end, told))
            rank = found + bonus * (end - given - 1)
            if found > 0.0 and rank > best:
                best, best_end = rank, end
    return best_end


def candidates(text: str) -> Iterator[tuple[int, int, int]]:
    """Where strings have the form of a full name: its start, that of the given name, its end."""
    for match in _beginning().finditer(text):
        for end in _ends(text, *match.span()):
            yield *match.span(), end


def evidence(text: str, at: int, given: int, end: int) -> dict[str, float]:
    """What speaks for or against a name there, by the names of `points`.

    >>> evidence("我叫王小梅。", 2, 3, 5)["after_edge"]
    1.0
    """
    return dict(
        [
            *_of_opening(text[at : given + 1]),
            *_of_rest(text, at, given, end),
            *_of_neighbours(text, at, end, _told_before(text, at)),
        ]
    )


@cache
def points() -> Mapping[str, float]:
    """What each piece of evidence weighs, in logarithms of odds (resources/personal.toml)."""
    text = (files("classifier") / "resources" / "personal.toml").read_text(encoding="utf-8")
    return {name: float(value) for name, value in tomllib.loads(text)["points"].items()}


@lru_cache(maxsize=8192)
def _opening(opening: str) -> float:
    """What the surname and the first character of the given name say, with the bias."""
    return points()["bias"] + _weighed(_of_opening(opening))


def _weighed(evidence: Iterable[tuple[str, float]]) -> float:
    weights = points()
    return sum(weights[name] * value for name, value in evidence)


def _ends(text: str, at: int, given: int) -> Iterator[int]:
    """Where a name that begins here may end: after two given characters, after one."""
    lists = name_lists()
    if text.startswith(lists.staff_titles, given) or begins_thing(text, at):
        return
    is_brand = text.startswith(lists.brands, at)
    if is_brand and (
        text[at : given + 1] not in lists.brands or text[given + 1 : given + 2] not in lists.usual
    ):
        return
    if _possible_given().match(text, given + 1):
        yield given + 2
    if not is_brand and text[at : given + 1] not in lists.nobody:
        yield given + 1


def _of_opening(opening: str) -> Iterator[tuple[str, float]]:
    """What a surname and the first character of a given name say."""
    statistics, lists = name_statistics(), name_lists()
    surname, given = opening[:-1], opening[-1]
    if len(surname) == 1:
        yield "surname", statistics.surname.get(surname, _UNCOUNTED)
        yield "word", statistics.word.get(opening, 0.0)
        if surname in lists.verbal:
            yield "surname_verbal", 1.0
        elif surname in lists.doubtful:
            yield "surname_doubtful", 1.0
    else:
        yield "surname", _DOUBLE
        yield "surname_double", 1.0
    yield "given_first", statistics.given[given]
    if given in lists.usual:
        yield "usual_first", 1.0
    if opening in lists.common:
        yield "common", 1.0


def _of_rest(text: str, at: int, given: int, end: int) -> Iterator[tuple[str, float]]:
    """What the end of the given name says, and longer words."""
    statistics = name_statistics()
    if end - given > 1:
        yield "two_given", 1.0
        yield "given_second", statistics.given[text[end - 1]]
        if text[end - 1] in name_lists().usual:
            yield "usual_second", 1.0
        yield "word_given", statistics.word.get(text[given:end], 0.0)
        if text[at:end] in name_lists().common:
            yield "common_whole", 1.0
    longer = statistics.longer
    yield "word_longer", max(longer.get(text[at : at + 3], 0.0), longer.get(text[at : at + 4], 0.0))


def _of_neighbours(text: str, at: int, end: int, told: str | None) -> Iterator[tuple[str, float]]:
    """What stands before and behind."""
    before, behind = dict(_before(text, at)), dict(_behind(text, end))
    yield from before.items()
    yield from behind.items()
    is_alone = "after_edge" in behind
    if told:
        yield told, 1.0
        yield "told_word", name_statistics().word.get(text[at : at + 2], 0.0)
        if text[at] in name_lists().verbal:
            yield "told_verbal", 1.0
        if is_alone:
            yield "told_alone", 1.0
        elif "after_act" in behind:
            yield "told_acts", 1.0
    elif is_alone and "before_edge" in before:
        yield "alone", 1.0
    elif is_alone and "before_called" in before:
        yield "called_alone", 1.0
    if text.count(text[at:end]) > 1:
        yield "again", 1.0


def _before(text: str, at: int) -> Iterator[tuple[str, float]]:
    before = text[at - 1 : at]
    if before and _IS_HAN(before):
        yield "before_word", _word_across(text, at)
        if text[at - 2 : at] in name_statistics().word:
            yield "before_whole", 1.0
        yield _LINKS.get(before, "before_han"), 1.0
    else:
        yield "before_edge", 1.0
        if FOUND in text[max(0, at - _NEAR) : at]:
            yield "before_number", 1.0
        if mark := _MARKS.get(before):
            yield f"before_{mark}", 1.0


def _told_before(text: str, at: int) -> str | None:
    """Whether words stand before that announce a name or tell of a person."""
    backwards = text[max(0, at - _SEEN) : at][::-1]
    if not backwards:
        return None
    if _announced_before().match(backwards):
        return "before_announcing"
    return "before_person" if _person_before().match(backwards) else None


def _word_across(text: str, at: int) -> float:
    """How common the commonest word is that the surname is not the first of."""
    statistics, start = name_statistics(), at - 1
    return max(
        statistics.word.get(text[start : at + 1], 0.0),
        statistics.longer.get(text[start : at + 2], 0.0),
        statistics.longer.get(text[start : at + 3], 0.0),
    )


_LINKS = {
    **dict.fromkeys("由和给被让跟与找替对向把同及", "before_link"),
    **dict.fromkeys("我俺咱", "before_self"),
    **{"的": "before_of", "是": "before_is", "叫": "before_called"},
}
_SEEN = 8  # characters before a name
_NEAR = 4  # characters between a name and a number that goes with it
_SEX = re.compile(r"[, (/]{1,2}[男女][, )。/\d性岁]")


def _behind(text: str, end: int) -> Iterator[tuple[str, float]]:
    after = text[end : end + 1]
    if not after or not _IS_HAN(after):
        yield "after_edge", 1.0
        if FOUND in text[end : end + _NEAR]:
            yield "after_number", 1.0
        if _SEX.match(text, end):
            yield "after_sex", 1.0
        return
    word = name_statistics().word
    yield "after_word", word.get(text[end - 1 : end + 1], 0.0)
    if text[end : end + 2] in word:
        yield "after_whole", 1.0
    if _title_behind().match(text, end):
        yield "after_title", 1.0
    elif text.startswith(listed_acts(), end):
        yield "after_act", 1.0
    else:
        yield ("after_usual" if after in name_lists().after else "after_han"), 1.0


@cache
def listed_acts() -> tuple[str, ...]:
    """What persons do, in words that follow their names."""
    return listed("names", "acts")


@cache
def _beginning() -> re.Pattern[str]:
    firsts = "".join(sorted(name_lists().singles - {"阿"}))
    given = _given_class()
    return re.compile(rf"(?:{one_of(sorted(name_lists().doubles))}|[{firsts}])(?={given})")


@cache
def _possible_given() -> re.Pattern[str]:
    return re.compile(_given_class())


def _given_class() -> str:
    never, usual, given = name_lists().never, name_lists().usual, name_statistics().given
    chars = [
        c
        for c, odds in given.items()
        if c in usual or (odds > _LEAST_GIVEN and _IS_HAN(c) and c not in never)
    ]
    return f"[{''.join(sorted(chars))}]"


_LEAST_GIVEN = -2.0  # below, a character is in names too seldom to look at


@cache
def _title_behind() -> re.Pattern[str]:
    return re.compile(one_of((*listed("names", "titles"), *listed("names", "titles_behind"))))


@cache
def _person_before() -> re.Pattern[str]:
    """The words for persons read backwards, so that one look tells."""
    return re.compile(rf"[\s:(\"“]{{0,2}}{one_of([word[::-1] for word in name_lists().persons])}")


@cache
def _announced_before() -> re.Pattern[str]:
    words = [word[::-1] for word in listed("names", "announcing")]
    return re.compile(rf"[\s:=(\"“]{{0,3}}(?:[为是叫])?{one_of(words)}")
