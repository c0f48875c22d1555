from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.secret import FILE_NAME, SecretError, load_secret


def test_a_secret_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    """A second look finds the same secret, in a file of mode 0600."""
    first = load_secret(tmp_path / "home")
    assert load_secret(tmp_path / "home").hash("a", b"x") == first.hash("a", b"x")
    assert stat.S_IMODE((tmp_path / "home" / FILE_NAME).stat().st_mode) == 0o600


def test_each_purpose_has_its_own_hashes(tmp_path: Path) -> None:
    """The hash of a customer tells nothing of a reviewer's; another home hashes differently."""
    secret = load_secret(tmp_path / "a")
    assert secret.hash("customer", b"7") != secret.hash("reviewer", b"7")
    assert secret.hash("customer", b"7") != load_secret(tmp_path / "b").hash("customer", b"7")


def test_threads_that_make_it_at_once_get_the_same(tmp_path: Path) -> None:
    """One file wins, and nothing else is left in the folder."""
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: load_secret(tmp_path).hash("a", b""), range(40)))
    assert len(set(found)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_a_missing_or_damaged_secret_is_one_sentence(tmp_path: Path) -> None:
    """Verifying never makes a secret, and a short file is not used."""
    with pytest.raises(SecretError, match="cannot be read"):
        load_secret(tmp_path, make=False)
    (tmp_path / FILE_NAME).write_bytes(b"short")
    with pytest.raises(SecretError, match="5 bytes, 32 are needed"):
        load_secret(tmp_path)
