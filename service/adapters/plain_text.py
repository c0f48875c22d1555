"""What a person wrote, out of HTML and out of the messages that were quoted below it.

The standard library's HTML parser takes minutes for 400,000 hostile characters; this one walk over
the tags takes time in proportion to the text whatever is in it, which is all that mails need.
"""

from __future__ import annotations

import html
import re

_HIDDEN = {"script", "style", "head", "title", "template", "noscript", "svg"}
_LINES = {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "hr",
          "table", "ul", "ol", "pre", "section", "article", "header", "footer"}  # fmt: skip
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*+)[^<>]*>|<!--|<[!?][^<>]*>")
_SOME_TAG = re.compile(r"</?(?:p|div|br|span|html|body|table|blockquote|a|b|i)\b[^<>]*>")
_SPACE = re.compile(r"\s+")
_BLANK = re.compile(r"\n{3,}")
# The line above what a mail program quotes.
_QUOTED = re.compile(
    r"-{2,20} ?(?:原始邮件|回复的原邮件|转发的?邮件|Original Message|Forwarded message) ?-{2,20}.*"
    r"|(?:在|于) ?\d{4}.{0,120}写道 ?[:：]"
    r"|On .{4,200} wrote:"
    r"|_{20,80}",
    re.IGNORECASE,
)
_MAX_QUOTE_LINE = 300


def from_html(source: str) -> str:
    r"""The text that people see; each quoted line begins with ">".

    >>> from_html("<p>太慢了<br>退款&nbsp;！</p><style>p{}</style>")
    '太慢了\n退款 ！'
    """
    pieces: list[str] = []
    position = quoted = 0
    while (tag := _TAG.search(source, position)) is not None:
        pieces.append(source[position : tag.start()].replace("\n", " "))
        position = tag.end()
        name = (tag[2] or "").lower()
        if tag[0] == "<!--":
            position = _after(source, "-->", position)
        elif name in _HIDDEN and not tag[1] and not tag[0].endswith("/>"):
            position = _after_element(source, name, position)
        if name == "blockquote":
            quoted = max(0, quoted + (-1 if tag[1] else 1))
        if name in _LINES:
            pieces.append("\n> " if quoted else "\n")
    pieces.append(source[position:].replace("\n", " "))
    lines = "".join(pieces).split("\n")
    shown = [_SPACE.sub(" ", _unescaped(line)).strip() for line in lines]
    return _BLANK.sub("\n\n", "\n".join(shown)).strip()


def looks_like_html(text: str) -> bool:
    """Whether a text of unknown kind is HTML."""
    return _SOME_TAG.search(text) is not None


def without_quotes(text: str) -> str:
    r"""The text without what it quotes; all of it when nothing else would be left.

    >>> without_quotes("还是没人理我\n\n在 2026年1月2日 客服 写道：\n> 您好")
    '还是没人理我'
    """
    own = []
    for line in text.split("\n"):
        found = line.strip()
        if len(found) <= _MAX_QUOTE_LINE and _QUOTED.fullmatch(found):
            break
        if not found.startswith((">", "＞")):
            own.append(line)
    return "\n".join(own).strip() or text.strip()


def _after(source: str, end: str, position: int) -> int:
    """Behind the next `end`; the end of the text if there is none."""
    found = source.find(end, position)
    return len(source) if found < 0 else found + len(end)


def _after_element(source: str, name: str, position: int) -> int:
    """Behind an element's closing tag; the end of the text if there is none."""
    found = re.compile(rf"</{name}\b[^<>]*>", re.IGNORECASE).search(source, position)
    return len(source) if found is None else found.end()


def _unescaped(text: str) -> str:
    try:
        return html.unescape(text)
    except ValueError:  # a number of more digits than Python reads
        return text
