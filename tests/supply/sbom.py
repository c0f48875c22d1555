"""A software bill of materials (CycloneDX 1.6, JSON) of what is served: `make sbom`.

`cyclonedx-py` lists the packages that are installed here; those that the chosen parts of the
product do not need, such as tools of development, are left out. The same packages give the same
bytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from tests.conftest import ROOT
from tests.supply.packages import LIBRARY, parts

Json = dict[str, Any]
_PARTS = ("service", "training", "dev")


def bill(chosen: Sequence[str]) -> Json:
    """The bill of the named parts; the library is always one of them."""
    needed = parts()
    names = set().union(*(needed[part] for part in (LIBRARY, *chosen)))
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible"]
    command += ["--no-validate", "--pyproject", str(ROOT / "pyproject.toml"), sys.executable]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return restricted(json.loads(ran.stdout), names)


def restricted(whole: Json, names: set[str]) -> Json:
    """A bill without the components, and the dependencies on them, that are not named."""
    kept = [one for one in whole["components"] if canonicalize_name(one["name"]) in names]
    references = {one["bom-ref"] for one in kept}
    root = whole["metadata"]["component"]["bom-ref"]
    graph = [
        {
            "ref": one["ref"],
            "dependsOn": [other for other in one.get("dependsOn", ()) if other in references],
        }
        for one in whole["dependencies"]
        if one["ref"] in references | {root}
    ]
    return whole | {"components": kept, "dependencies": graph}


@click.command()
@click.option("--part", "chosen", multiple=True, type=click.Choice(_PARTS), default=("service",))
@click.option("--output", type=click.Path(path_type=Path), default=ROOT / "var" / "sbom.json")
def main(chosen: Sequence[str], output: Path) -> None:
    """Write the bill of the library and of the chosen parts."""
    made = bill(chosen)
    text = json.dumps(made, ensure_ascii=False, indent=1) + "\n"
    if fault := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        sys.exit(f"the bill is not CycloneDX 1.6: {fault}")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8")
    click.echo(f"{output}: {len(made['components'])} packages")


if __name__ == "__main__":
    main()
