"""Compiles the loops of `classifier/kernels`: run by `make`, and by hatchling when it makes a wheel.

Each module becomes one extension module beside its source. `CC` names another compiler than gcc.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

KERNELS = Path("classifier", "kernels")
_AT_ONCE = 2
_DIRECTIVES = (
    "boundscheck=False,wraparound=False,cdivision=True,initializedcheck=False,"
    "allow_none_for_extension_args=False"
)
# The same answers and the same bytes on every machine: no fused steps, no paths, no debug symbols.
_FLAGS = ("-O3", "-ffp-contract=off", "-fPIC", "-shared", "-g0", "-fvisibility=hidden")
_LATE_SYMBOLS = ("-undefined", "dynamic_lookup") if sys.platform == "darwin" else ()


class Loops(BuildHookInterface):  # type: ignore[type-arg]  # of any configuration
    """Puts the compiled loops into a wheel, which then is one for this system and Python."""

    def initialize(self, version: str, build_data: dict[str, object]) -> None:  # noqa: ARG002
        """Compile before files are collected."""
        root = Path(self.root)
        build_data["pure_python"], build_data["infer_tag"] = False, True
        made = compile_loops(root)
        build_data["force_include"] = {str(file): str(file.relative_to(root)) for file in made}


def compile_loops(root: Path) -> list[Path]:
    """The extension modules of the checkout, made anew.

    Raises:
        SystemExit: there is no compiler, no header of Python, or a fault in a loop; says which.
    """
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        sys.exit("Python.h is missing; on Debian: apt-get install gcc python3-dev")
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(_AT_ONCE) as pool:
        sources = sorted((root / KERNELS).glob("*.pyx"))
        return list(pool.map(partial(_compile, root, Path(folder)), sources))


def _compile(root: Path, folder: Path, source: Path) -> Path:
    name = source.relative_to(root)
    target = source.with_name(source.stem + sysconfig.get_config_var("EXT_SUFFIX"))
    code, made = folder / f"{source.stem}.c", folder / target.name
    cython = [sys.executable, "-m", "cython", "-3", "-X", _DIRECTIVES, "--output-file", str(code)]
    compiler = shlex.split(os.environ.get("CC", "gcc"))
    include = f"-I{sysconfig.get_path('include')}"
    _run([*cython, str(name)], root)
    _run([*compiler, *_FLAGS, *_LATE_SYMBOLS, include, code.name, "-o", made.name, "-lm"], folder)
    shutil.copy(made, whole := target.with_suffix(".new"))
    return whole.replace(target)  # at once: other processes may have the former one open


def _run(command: list[str], folder: Path) -> None:
    try:
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        sys.exit(f"{command[0]} is missing; on Debian: apt-get install gcc python3-dev")
    if ran.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{ran.stdout}{ran.stderr}")


if __name__ == "__main__":
    compile_loops(Path(__file__).parent)
