"""Check MQL5 source with g++ against the shim, or build it into a Linux program that runs through the shim.

    python tools/mql5_check.py mt5/EdgerunnerBridge.mq5             exit code 1 and g++'s words if something is wrong
    python tools/mql5_check.py mt5/EdgerunnerBridge.mq5 --build EA  a program, see mt5/shim/runtime.cpp

This is no MQL5 compiler. It finds what is misspelt, missing or of the wrong type as far as C++ agrees with MQL5.
Needs g++ with C++17; exit code 2 when there is none.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SHIM = Path(__file__).resolve().parent.parent / "mt5" / "shim"

_FUNCTION = re.compile(r"^((?:const )?\w+(?:<\w+>)?) (\w+)\(([^;{}]*)\)\s*(?=\{)", re.MULTILINE)
_REPLACEMENTS = (
    (re.compile(r"^[ \t]*#property\b.*$", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*#include[ \t]*[<\"].*$", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*s?input[ \t]+group\b.*$", re.MULTILINE), ""),
    (
        re.compile(r"^[ \t]*s?input[ \t]+(\w+)[ \t]+(\w+)[ \t]*=[ \t]*(.*?)[ \t]*;", re.MULTILINE),
        r"SHIM_INPUT(\1, \2, \3);",
    ),
    (re.compile(r"\bD'[^']*'"), "0"),
    (re.compile(r"\bC'[^']*'"), "0"),
    (re.compile(r"\b(\w+)\s*&\s*(\w+)\[\]"), r"array<\1> &\2"),
    (re.compile(r"^([ \t]*)(\w+)[ \t]+(\w+)\[\];", re.MULTILINE), r"\1array<\2> \3;"),
)


def to_cpp(source: str, name: str) -> str:
    """Return C++ with the same lines: MQL5's own words replaced, and every function declared before it is used."""
    for pattern, replacement in _REPLACEMENTS:
        source = pattern.sub(replacement, source)
    declared = " ".join(f"{kind} {name}({arguments});" for kind, name, arguments in _FUNCTION.findall(source))
    one_line = re.sub(r"\s+", " ", declared)
    return f'#include "mql5.h"\n{one_line}\n#line 1 "{name}"\n{source}'


def compile_source(source: Path, program: Path | None) -> subprocess.CompletedProcess[str]:
    """Run g++: to check only, or with ``program`` to build."""
    quiet = ["-fno-diagnostics-show-caret", "-Wno-unused-variable", "-Wno-sign-compare"]
    flags = ["-std=c++17", "-Wall", *quiet, f"-I{SHIM}"]
    with tempfile.TemporaryDirectory() as folder:
        unit = Path(folder) / f"{source.stem}.cpp"
        unit.write_text(to_cpp(source.read_text(encoding="utf-8"), source.name), encoding="utf-8")
        if program is None:
            command = ["g++", *flags, "-fsyntax-only", str(unit)]
        else:
            command = ["g++", *flags, "-O1", "-o", str(program), str(unit), str(SHIM / "runtime.cpp")]
        return subprocess.run(command, capture_output=True, text=True, check=False)


def main() -> int:
    """Check or build one file."""
    parser = argparse.ArgumentParser(description="Check MQL5 source with g++ against the shim.")
    parser.add_argument("source", type=Path)
    parser.add_argument("--build", type=Path, metavar="PROGRAM")
    given = parser.parse_args()
    if shutil.which("g++") is None:
        print("there is no g++ on this machine", file=sys.stderr)
        return 2
    done = compile_source(given.source, given.build)
    sys.stderr.write(done.stderr)
    verdict = "passes" if done.returncode == 0 else "FAILS"
    print(f"{given.source.name}: {verdict} the g++ check (MetaEditor was not asked)")
    return 0 if done.returncode == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
