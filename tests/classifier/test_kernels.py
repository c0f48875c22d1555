"""What the compiled loops promise beside their results, which the tests of their callers show."""

from __future__ import annotations

import ast
import inspect
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pytest

from classifier.kernels import answers, grams, pieces
from tests.conftest import ROOT

_FOLDER = ROOT / "classifier" / "kernels"
_MODULES = sorted(file.stem for file in _FOLDER.glob("*.pyx"))


class Pair(NamedTuple):
    name: str
    number: int


def _arguments(function: ast.FunctionDef) -> list[ast.arg]:
    rest = function.args.vararg
    return [*function.args.args, *([rest] if rest else [])]


def _promised(stub: Path) -> tuple[dict[str, list[str]], set[str]]:
    """Functions of a stub with the names of their arguments, and its other names."""
    body = ast.parse(stub.read_text(encoding="utf-8")).body
    functions = [one for one in body if isinstance(one, ast.FunctionDef)]
    values = [one.target for one in body if isinstance(one, ast.AnnAssign)]
    values += [one.targets[0] for one in body if isinstance(one, ast.Assign)]
    return (
        {one.name: [argument.arg for argument in _arguments(one)] for one in functions},
        {n.id for n in values if isinstance(n, ast.Name) and not n.id.startswith("_")},
    )


def _functions(module: ModuleType) -> dict[str, list[str]]:
    """Public functions of a compiled module with the names of their arguments."""
    own = [value for value in vars(module).values() if getattr(value, "func_code", None)]
    return {
        one.__name__: list(inspect.signature(one).parameters)
        for one in own
        if not one.__name__.startswith("_")
    }


@pytest.mark.parametrize("name", _MODULES)
def test_a_stub_names_what_the_module_has(name: str) -> None:
    """The same public functions with the same arguments, and every constant."""
    module = import_module(f"classifier.kernels.{name}")
    functions, values = _promised(_FOLDER / f"{name}.pyi")
    assert _functions(module) == functions
    assert all(hasattr(module, value) for value in values)
    assert all(getattr(module, function).__doc__ for function in functions)


def test_a_stub_names_what_classes_have() -> None:
    """Methods and attributes of all that are not functions."""
    for name in _MODULES:
        body = ast.parse((_FOLDER / f"{name}.pyi").read_text(encoding="utf-8")).body
        for promised in [one for one in body if isinstance(one, ast.ClassDef)]:
            made = getattr(import_module(f"classifier.kernels.{name}"), promised.name)
            members = [one.name for one in promised.body if isinstance(one, ast.FunctionDef)]
            members += [one.target.id for one in promised.body if isinstance(one, ast.AnnAssign)]  # type: ignore[union-attr]  # plain names
            assert members
            assert set(members) <= set(dir(made))


def test_arrays_of_another_kind_are_refused() -> None:
    """Another type, a view with gaps, or a read-only array that is to be changed."""
    with pytest.raises(ValueError, match="expected 'const double'"):
        answers.softmax(np.zeros((2, 2), np.float32))  # type: ignore[arg-type]  # the fault
    with pytest.raises(ValueError, match="not C-contiguous"):
        answers.softmax(np.zeros((2, 4))[:, ::2])
    found = np.zeros((1, 4), np.int32)
    found.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        grams.renumber(found, np.zeros(1, np.int32))


def test_without_compiled_loops_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    """A checkout in which nobody has run make."""
    (tmp_path / "kernels").mkdir()
    shutil.copy(_FOLDER / "__init__.py", tmp_path / "kernels")
    ran = _run(["-c", "import kernels"], tmp_path)
    assert ran.stderr.splitlines()[-1].startswith("ImportError: the compiled loops are missing")


def test_without_a_compiler_one_sentence_says_what_to_install() -> None:
    """Nothing is changed then."""
    ran = _run(["hatch_build.py"], ROOT, CC="no-such-compiler")
    assert ran.returncode == 1
    assert ran.stderr == (
        "no-such-compiler is missing; on Debian: apt-get install gcc python3-dev\n"
    )


def _run(words: list[str], folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env={**os.environ, **env},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_values_are_made_of_columns_of_one_length() -> None:
    """Tuples of the class that is asked for; another class or length is refused."""
    made = pieces.rows(Pair, ["a", "b"], [1, 2])
    assert made == [Pair("a", 1), Pair("b", 2)]
    assert isinstance(made[0], Pair)
    with pytest.raises(ValueError, match="columns of 2 and 1 values"):
        pieces.rows(Pair, ["a", "b"], [1])
    with pytest.raises(TypeError, match="no kind of tuple"):
        pieces.rows(dict, ["a"])  # type: ignore[type-var]  # the fault
