from __future__ import annotations

import re

import pytest

from tests.service.client import Service


def test_the_page_loads_only_its_own_files(service: Service) -> None:
    """Every address on the page is ours and is served; there is no inline script or style."""
    page = service.client.get("/docs", buffered=True).get_data(as_text=True)
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(addresses) >= 4
    for address in addresses:
        assert address.startswith("/")
        assert service.client.get(address, buffered=True).status_code == 200
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bon\w+=|style=", page)


def test_the_policy_of_the_page_allows_no_inline_code(service: Service) -> None:
    """Scripts, styles and requests stay on this server."""
    policy = service.client.get("/docs", buffered=True).headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert "connect-src 'self'" in policy


@pytest.mark.parametrize(
    ("name", "mimetype"),
    [
        ("swagger-ui-bundle.js", "text/javascript"),
        ("swagger-ui.css", "text/css"),
        ("docs.js", "text/javascript"),
    ],
)
def test_files_have_their_type(service: Service, name: str, mimetype: str) -> None:
    """With nosniff a browser runs a script only when its type is right."""
    assert service.client.get(f"/docs/static/{name}", buffered=True).mimetype == mimetype


@pytest.mark.parametrize("name", ["../app.py", "..%2fapp.py", "docs.html", "nothing.js"])
def test_no_other_file_is_served(service: Service, name: str) -> None:
    """Only the listed names exist."""
    assert service.client.get(f"/docs/static/{name}").status_code == 404
