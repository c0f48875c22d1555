"""The report as a page of the site, and as one file that needs nothing beside it."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from service.pages.columns import FILLS
from service.pages.headers import style_sheets
from service.weekly import listed, wording
from service.weekly.report import WeeklyReport

_SHEETS = ("app.css", "charts.css", "weekly.css")


def context(report: WeeklyReport, *, is_file: bool) -> dict[str, object]:
    """What the template of the report's body works with."""
    return {
        "report": report,
        "is_file": is_file,
        "levels": listed.levels(report),
        "categories": listed.categories(report),
        "done": listed.done_rows(report),
        "aims": listed.aims(report).rows,
        "say": wording,
        "fills": FILLS,
        "base": "" if is_file else "/insight/weekly",
    }


def render_file(report: WeeklyReport) -> str:
    """The report as HTML that opens by a double click: styles inside, nothing loaded, no script."""
    css = style_sheets(*_SHEETS)
    # Browsers hash what stands between the tags, so the policy names this style sheet only.
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    template = _environment().get_template("weekly_file.html")
    return template.render(css=Markup(css), policy=policy, **context(report, is_file=True))  # noqa: S704  (our own style sheets)


@cache
def _environment() -> Environment:
    """The pages' templates without a request."""
    return Environment(
        loader=PackageLoader("service", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
