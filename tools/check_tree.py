"""Look through the tracked files for what must never be committed; exit 1 and name each finding.

Findings: secrets, paths of somebody's machine, package index addresses, files over 1 MB,
and source files over 450 lines.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAXIMUM_BYTES = 1_000_000
MAXIMUM_LINES = 450
SOURCE_SUFFIXES = frozenset({".css", ".js", ".py", ".sh", ".sql", ".ts", ".tsx"})
LONG_FILES_ALLOWED = frozenset({"frontend/src/api/schema.d.ts"})
"""Written by a program; its own check compares it with what it is written from."""

FORBIDDEN = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/]{20}"),
    "access key": re.compile(r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|xox[abprs]-[A-Za-z0-9-]{10,})"),
    "bot token": re.compile(r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b"),
    "signed token": re.compile(r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\."),
    "secret literal": re.compile(
        r"(?i)(?:api_?key|secret|token|passw(?:or)?d)[\"']?\s*[:=]\s*[\"'](?=[^\"']*[0-9])(?=[^\"']*[a-z])[a-z0-9+/=_-]{24,}[\"']"
    ),
    "machine path": re.compile(
        r"(?<![\w.~/-])/(?:work|root|opt/wheels|opt/pypi)(?:/|\b)(?!-)|/(?:home|Users)/[a-z]\w*/|[A-Z]:\\+Users\\+\w"
    ),
    "index address": re.compile(r"https?://[^\s\"']*(?:pypi\.|pythonhosted\.|registry\.npm|/simple/)"),
}


def candidate_files() -> list[str]:
    """Names of tracked and not yet ignored files, relative to the root."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return sorted(name for name in listing.split("\0") if name and (ROOT / name).is_file())


def findings_in(name: str, content: bytes) -> Iterator[str]:
    """One sentence per finding in a file, with its line where it has one."""
    if len(content) > MAXIMUM_BYTES:
        yield f"{name}: {len(content)} bytes, the limit is {MAXIMUM_BYTES}"
    text = content.decode(errors="replace")
    lines = text.count("\n")
    if Path(name).suffix in SOURCE_SUFFIXES and lines > MAXIMUM_LINES and name not in LONG_FILES_ALLOWED:
        yield f"{name}: {lines} lines, split it below {MAXIMUM_LINES}"
    for label, pattern in FORBIDDEN.items():
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{name}:{line}: {label}"


def main() -> int:
    """Print every finding and return the exit code."""
    names = candidate_files()
    findings = [finding for name in names for finding in findings_in(name, (ROOT / name).read_bytes())]
    for finding in findings:
        print(finding)
    print(f"{len(names)} files looked through, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
