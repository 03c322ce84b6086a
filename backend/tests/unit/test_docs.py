"""The documents name things that exist, and everything they must name."""

import ast
import re
from pathlib import Path

import pytest

from edgerunner.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
ROOTED_NAME = re.compile(r"`((?:backend|docs|requirements|tools|\.ci)/[^`\s]*)`")
STATES = {"yes", "partly", "not yet"}


def defined_names(path: Path) -> set[str]:
    """Names a module defines at top level, and `Class.member` for its classes."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        for name in names_of(node):
            names.add(name)
            if isinstance(node, ast.ClassDef):
                names |= {f"{name}.{member}" for statement in node.body for member in names_of(statement)}
    return names


def names_of(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []


def missing(reference: str) -> bool:
    """Whether `path` or `path::Name.member` names nothing in the tree."""
    place, _, symbol = reference.partition("::")
    path = ROOT / place
    return not path.exists() or (bool(symbol) and symbol not in defined_names(path))


def table_rows(text: str) -> list[list[str]]:
    """Cells of every table row, headings and rulers left out."""
    rows = [line.strip().strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    return [
        [cell.strip() for cell in row] for row in rows if row[0].strip() not in {"folder", "requirement", "setting"}
    ]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_named_place_exists(document: Path) -> None:
    references = ROOTED_NAME.findall(document.read_text(encoding="utf-8"))
    assert [reference for reference in references if missing(reference)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_a_missing_place_or_symbol_is_noticed() -> None:
    assert missing("backend/edgerunner/nowhere.py")
    assert missing("backend/edgerunner/settings.py::Settings.nothing")
    assert not missing("backend/edgerunner/settings.py::Settings.port")


def test_architecture_lists_every_folder_of_the_package() -> None:
    listed = {row[0].strip("`") for row in table_rows(read("docs/architecture.md"))}
    package = ROOT / "backend" / "edgerunner"
    folders = {f"backend/edgerunner/{path.name}" for path in package.iterdir() if any(path.glob("*.py"))}
    assert {name for name in listed if name.startswith("backend/edgerunner/")} == folders


def test_every_requirement_has_a_state_and_a_met_one_has_code_and_test() -> None:
    rows = [row for row in table_rows(read("docs/prd.md")) if len(row) == 4]
    assert len(rows) > 40
    for requirement, state, code, test in rows:
        assert state in STATES, requirement
        if state == "not yet":
            assert code + test == "", f"{requirement} is said to be missing but names code"
        else:
            assert "`backend/edgerunner/" in code, requirement
            assert "`backend/tests/" in test, requirement


def test_readme_lists_exactly_the_settings_that_exist() -> None:
    listed = {row[0].strip("`") for row in table_rows(read("README.md"))}
    assert listed == {PREFIX + name.upper() for name in Settings.model_fields}


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", read("Makefile"), flags=re.MULTILINE))
    named = {
        name
        for document in DOCUMENTS
        for name in re.findall(r"(?:`|^)make ([a-z0-9-]+)", read(str(document)), re.MULTILINE)
    }
    assert {"run", "test"} <= named <= targets


def test_continuous_integration_runs_the_commands_of_the_readme() -> None:
    assert "make test" in read("README.md")
    assert [line.split()[1] for line in read(".ci/run").splitlines() if line.strip().startswith("step ")] == [
        "setup",
        "check",
        "test",
        "conformance",
    ]


def test_decisions_are_numbered_without_gaps_and_complete() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for part in ("**Status**", "**Date**", "## Context", "## Decision", "## Consequences", "## Alternatives"):
            assert part in text, f"{page.name} lacks {part}"
        assert "## Enforced by" in text, page.name
