from __future__ import annotations

import socket
from pathlib import Path

import pytest

from service import binding
from tests.service.fakes import make_settings


def test_a_free_port_passes_and_a_taken_one_is_named(tmp_path: Path) -> None:
    """The sentence names the address and the variable to change."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = make_settings(tmp_path, TRIAGE_PORT=str(taken.getsockname()[1]))
        with pytest.raises(binding.AddressError, match=r"127\.0\.0\.1:\d+.*TRIAGE_PORT"):
            binding.check(settings)
    binding.check(settings)


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    """A host that is not ours, or no host at all, is one sentence too."""
    for host in ("192.0.2.1", "no such host"):
        with pytest.raises(binding.AddressError, match="cannot listen"):
            binding.check(make_settings(tmp_path, TRIAGE_HOST=host))


def test_an_ipv6_address_is_written_in_brackets(tmp_path: Path) -> None:
    """The form that gunicorn reads."""
    assert binding.address(make_settings(tmp_path, TRIAGE_HOST="::1")) == "[::1]:8000"
