"""Personal data in a text: found by form, checksum and context, replaced by tokens such as [手机].

Two depths. Cleaning (`replace_personal_data`) replaces what the model never needs to see, by form
alone, and fast. What is stored, shown or written out is masked whole (`mask`, `masked`): also
names, addresses, accounts and order numbers. Service numbers (12315, 95588, 400-…) belong to
companies and authorities, not to persons, and stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from classifier.addresses import ADDRESSES
from classifier.aligned import Aligned
from classifier.characters import INVISIBLE, PROVINCES, fold
from classifier.names import NAMES
from classifier.numbers import ACCOUNTS, NUMBERS
from classifier.personal import FOUND, Finder, Found, covered

_INVISIBLE = re.compile(f"[{INVISIBLE}]+")
_SEPARATORS = re.compile(r"[ \-]")


def is_identity_number(number: str) -> bool:
    """Whether 18 characters are a resident identity number: birth date and check character hold.

    The check character is ISO 7064 MOD 11-2, as GB 11643-1999 sets it.

    >>> is_identity_number("11010519491231002X"), is_identity_number("110105194912310021")
    (True, False)
    """
    if len(number) == 15:
        return _is_date("19" + number[6:12])
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(number[:17]))
    return _is_date(number[6:14]) and "10X98765432"[total % 11] == number[17].upper()


def _is_date(digits: str) -> bool:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).year >= 1880
    except ValueError:
        return False


def is_card_number(number: str) -> bool:
    """Whether the check digit of a bank card number holds (Luhn, ISO/IEC 7812-1 annex B).

    >>> is_card_number("6222020000000000000"), is_card_number("6222020000000000006")
    (True, False)
    """
    digits = [int(digit) for digit in reversed(number)]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0 and len(set(number)) > 1


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of personal data: its token, its form, and the check that tells it from chance."""

    token: str
    pattern: re.Pattern[str]
    check: Callable[[str], bool] = lambda _: True

    @property
    def extends(self) -> bool:
        """Whether an extension may follow."""
        return self.token == "[座机]"  # noqa: S105  (no password)


def _kind(token: str, pattern: str, check: Callable[[str], bool] = lambda _: True) -> Kind:
    return Kind(token, re.compile(pattern), check)


# In order: an identity number is not to be read as a card, nor a card as a telephone.
# Patterns see folded text (half width, lower case). Bounded repeats only: linear time.
KINDS = (
    _kind(
        "[邮箱]",
        r"(?<![a-z0-9._%+\-])[a-z0-9._%+\-]{1,64}@(?:[a-z0-9\-]{1,63}\.){1,4}[a-z]{2,24}(?![a-z])",
    ),
    _kind(
        "[身份证]", r"(?<![0-9a-z])\d{6}[ \-]?\d{8}[ \-]?\d{3}[\dx](?![0-9a-z])", is_identity_number
    ),
    _kind("[身份证]", r"(?<![0-9a-z])\d{15}(?![0-9a-z])", is_identity_number),
    _kind("[身份证]", r"(?<![0-9a-z])\d{3,6}\*{6,12}[\dx]{2,4}(?![0-9a-z])"),
    _kind("[银行卡]", r"(?<![0-9a-z])[3-6](?:[ \-]?\d){14,18}(?![0-9a-z])", is_card_number),
    _kind("[手机]", r"(?<![0-9])(?:\+?(?:00)?86[ \-]?)?1[3-9]\d[ \-]?\d{4}[ \-]?\d{4}(?![0-9])"),
    _kind("[手机]", r"(?<![0-9])1[3-9]\d[\*x]{4,5}\d{4}(?![0-9])"),
    _kind(
        "[座机]", r"(?<![0-9])\(?0(?:10|2\d|[3-9]\d\d)\)?[ \-]?[2-8]\d{6,7}(?:-\d{1,4})?(?![0-9])"
    ),
    _kind(
        "[车牌]",
        rf"[{PROVINCES}][a-hj-np-z][·.\- ]?"
        r"(?:[a-hj-np-z0-9]{5}[0-9df]|[a-hj-np-z0-9]{4}[a-hj-np-z0-9挂学警港澳])(?![a-z0-9])",
        lambda plate: any(char.isdigit() for char in plate),
    ),
)  # fmt: skip  (one kind a line reads as the table it is)

# Without one of these no kind can match: most texts are done after one look.
_HINT = re.compile(rf"@|[\d*][ \-*x)]?\d[ \-*]?\d[ \-*]?[\d*x]|[{PROVINCES}][a-z]")


# Without one of these there are no numbers at all, written or spoken.
_DIGITS = re.compile(r"[0-9a-z@幺]|一(?=[三四五六七八九])")
_EXTENSION = re.compile(r"[ \-]?(?:转|轉|分机|ext\.?)[ :]?\d{1,5}")


def replace_personal_data(aligned: Aligned) -> Aligned:
    """The folded text with each piece of personal data replaced by its token."""
    if not _HINT.search(aligned.text):
        return aligned
    for kind in KINDS:
        aligned = aligned.substitute(kind.pattern, _replacement(kind))
    return aligned


def _replacement(kind: Kind) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        return kind.token if kind.check(_SEPARATORS.sub("", match.group())) else match.group()

    return replace


def _spans(text: str) -> Iterator[Found]:
    """Each piece of personal data in the text as sent, in order; none overlaps another."""
    visible = _visible(fold(text))
    plain = visible.text if isinstance(visible, Aligned) else visible
    pieces = _pieces(plain)
    if isinstance(visible, Aligned):
        return (Found(*visible.span(start, end), token) for start, end, token in pieces)
    return iter(pieces)


def _visible(folded: str) -> str | Aligned:
    """The text without invisible characters, which knows where they were if there were any."""
    if not _INVISIBLE.search(folded):
        return folded
    return Aligned.identity(folded).substitute(_INVISIBLE, "")


def _pieces(text: str) -> list[Found]:
    """What is personal in a folded text; what one finder took is covered for the next."""
    found: list[Found] = []
    for finder in _FINDERS if _DIGITS.search(text) else _WORDS_ONLY:
        if finder.hint(text) and (new := _apart(finder.find(text), text)):
            text = covered(text, new)
            found += new
    return sorted(found)


def _by_form(text: str) -> Iterator[Found]:
    """The pieces that cleaning replaces."""
    for kind in KINDS:
        new = []
        for match in kind.pattern.finditer(text):
            if kind.check(_SEPARATORS.sub("", match.group())):
                end = match.end()
                if kind.extends and (extension := _EXTENSION.match(text, end)):
                    end = extension.end()
                new.append(Found(match.start(), end, kind.token))
        text = covered(text, new)
        yield from new


_WORDS_ONLY = (ADDRESSES, NAMES)
_FINDERS = (ACCOUNTS, Finder(_HINT.search, _by_form), NUMBERS, *_WORDS_ONLY)


def _apart(found: Iterable[Found], text: str) -> list[Found]:
    """The pieces in order, without those that overlap an earlier one or what is covered."""
    apart: list[Found] = []
    position = 0
    for one in sorted(found, key=lambda piece: (piece.start, -piece.end)):
        if one.start >= position and FOUND not in text[one.start : one.end]:
            apart.append(one)
            position = one.end
    return apart


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without personal data, which knows where spans of the text as sent have gone.

    `pieces` holds start and end of each masked piece as sent, and start and end of its token.
    """

    text: str
    pieces: tuple[tuple[int, int, int, int], ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a span of the text as sent lies in the masked one; a cut token is taken whole.

        >>> masked("打13800001111找我").span(12, 14)
        (5, 7)
        """
        first = last = 0
        for low, high, new_low, new_high in self.pieces:
            if start >= low:
                first = new_low - start if start < high else new_high - high
            if end > low:
                last = new_high - end if end <= high else new_high - high
        return start + first, end + last


def masked(text: str) -> Masked:
    """The text with personal data replaced by tokens, and where everything has gone.

    >>> masked("打13800001111找我").text
    '打[手机]找我'
    """
    parts: list[str] = []
    pieces = []
    position = shift = 0
    for start, end, token in _spans(text):
        parts += [text[position:start], token]
        pieces.append((start, end, start + shift, start + shift + len(token)))
        shift += len(token) - (end - start)
        position = end
    return Masked("".join([*parts, text[position:]]), tuple(pieces))


def mask(text: str) -> str:
    """The text with personal data replaced by tokens, everything else untouched.

    Covers mobile and landline numbers, identity and bank card numbers, e-mail addresses, licence
    plates, passports, WeChat and QQ accounts, order numbers, names and addresses, in half or full
    width, spaced or hyphenated. Not all of it is found: docs/privacy.md has the figures.

    >>> mask("我的手机13800001111，卡号 6222 0200 0000 0000 000")
    '我的手机[手机]，卡号 [银行卡]'
    >>> mask("我叫王小梅，住中山北路88号3栋501，订单号 20261123001")
    '我叫[姓名]，住[地址]，订单号 [单号]'
    """
    return masked(text).text
