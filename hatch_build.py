"""Compiles the loops of `classifier/kernels`: run by make, and by hatchling when it makes a wheel.

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
_COMPILER = shlex.split(os.environ.get("CC", "gcc"))
_INCLUDE = sysconfig.get_path("include")
# Nothing is checked at run time but what arrays are: see classifier/kernels/__init__.py.
_DIRECTIVES = (
    "boundscheck=False,wraparound=False,cdivision=True,initializedcheck=False,"
    "allow_none_for_extension_args=False"
)
# The same answers and the same bytes on each machine: no fused steps, no machine's own instructions
# or paths, no debug symbols.
_FLAGS = (
    "-O3", "-ffp-contract=off", "-fPIC", "-shared", "-g0", "-DNDEBUG", "-fvisibility=hidden",
    f"-ffile-prefix-map={_INCLUDE}=.", f"-I{_INCLUDE}",
)  # fmt: skip
_LATE_SYMBOLS = ("-undefined", "dynamic_lookup") if sys.platform == "darwin" else ()


class Loops(BuildHookInterface):  # type: ignore[type-arg]  # of any configuration
    """Puts the compiled loops into a wheel, which then is one for this system and Python."""

    def initialize(self, version: str, build_data: dict[str, object]) -> None:
        """Compile before files are collected."""
        root = Path(self.root)
        made = compile_loops(root)
        build_data["pure_python"], build_data["infer_tag"] = False, True
        build_data["force_include"] = {str(file): str(file.relative_to(root)) for file in made}


def compile_loops(root: Path) -> list[Path]:
    """The extension modules of the checkout, made anew.

    Raises:
        SystemExit: there is no compiler, no header of Python, or a fault in a loop; says which.
    """
    for name, is_there in (
        (_COMPILER[0], shutil.which(_COMPILER[0])),
        ("Python.h", Path(_INCLUDE, "Python.h").is_file()),
    ):
        if not is_there:
            sys.exit(f"{name} is missing; on Debian: apt-get install gcc python3-dev")
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(_AT_ONCE) as pool:
        sources = sorted((root / KERNELS).glob("*.pyx"))
        return list(pool.map(partial(_compile, root, Path(folder)), sources))


def _compile(root: Path, folder: Path, source: Path) -> Path:
    name = str(source.relative_to(root))
    code = folder / f"{source.stem}.c"
    made = f"{source.stem}{sysconfig.get_config_var('EXT_SUFFIX')}"
    _run([sys.executable, "-m", "cython", "-3", "-X", _DIRECTIVES, "-o", str(code), name], root)
    _run([*_COMPILER, *_FLAGS, *_LATE_SYMBOLS, code.name, "-o", made, "-lm"], folder)
    target = source.with_name(made)
    shutil.copy(folder / made, whole := target.with_suffix(".new"))
    return whole.replace(target)  # at once: other processes may have the former one open


def _run(command: list[str], folder: Path) -> None:
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603  # our own commands
    if ran.returncode:
        sys.exit(f"{shlex.join(command)} failed:\n{ran.stdout}{ran.stderr}")


if __name__ == "__main__":
    compile_loops(Path(__file__).parent)
