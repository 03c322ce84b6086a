"""The recipe of the bridge as a package of its own follows the product's."""

import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[4]
RECIPE = ROOT / "packaging" / "mt5-bridge"


def project(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    return found


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=~ \[]", requirement)[0] for requirement in requirements}


def test_both_have_one_version() -> None:
    assert project(RECIPE)["project"]["version"] == project(ROOT)["project"]["version"]


def test_it_needs_three_packages_that_the_product_needs_too() -> None:
    needed = names(project(RECIPE)["project"]["dependencies"])
    assert needed == {"aiohttp", "msgspec", "numpy"}
    assert needed <= names(project(ROOT)["project"]["dependencies"])


def test_it_packs_what_is_there() -> None:
    packed = project(RECIPE)["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert {"edgerunner/mt5_bridge", "edgerunner/mt5_surface"} <= set(packed.values())
    assert all((RECIPE / place).exists() for place in packed)
