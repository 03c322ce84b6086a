"""House rules that no off-the-shelf linter can say, as small checks over the syntax tree.

Each rule takes a module's place and tree and yields (line, sentence) for every breach.
Run it to check the whole tree: exit code 1 and one line per breach.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
CHECKED_FOLDERS = ("backend", "tools")

PURE_PACKAGES = ("domain", "risk", "matching", "strategies", "backtest")
# The vendor's structs hold floats: what a user's program reads is what the vendor's package would give it.
FLOAT_PACKAGES = ("strategies", "backtest", "mt5_surface")
# The simulated market is a float function of time, rounded to ticks before anybody sees it.
PRICE_GENERATORS = frozenset(
    f"backend/edgerunner/simulators/{name}.py"
    for name in ("market", "noise", "option_prices", "path", "replay", "sources")
)
OPTIONAL_MODULES = frozenset({"fcntl", "picows", "resource", "uvloop"})
# The journal counts unanswered calls itself, so its writer's queue cannot outgrow that bound.
COUNTED_QUEUES = frozenset({"backend/edgerunner/storage/writer.py"})
WAITING_HELPERS = frozenset({"backend/tests/waiting.py"})
DRILLS = "backend/tests/drills/"
"""Drills let a fault last for a random time; what they wait for is a condition all the same."""
STOP_METHODS = frozenset({"__aexit__", "aclose", "close", "disconnect", "stop"})
TASK_STARTERS = frozenset({"asyncio.create_task", "asyncio.ensure_future"})
CODE_CARRIERS = frozenset({"cloudpickle", "dill", "jsonpickle", "marshal", "pickle", "shelve"})
CODE_RUNNERS = frozenset(
    {
        *("eval", "exec", "builtins.eval", "builtins.exec", "os.system", "os.popen"),
        *("joblib.load", "pd.read_pickle", "pandas.read_pickle", "torch.load"),
        *("yaml.load", "yaml.load_all", "yaml.full_load", "yaml.unsafe_load", "yaml.unsafe_load_all"),
    }
)
CLOCK_READS = frozenset({"now", "today", "utcnow"})
MONEY_NAME = re.compile(r"(?:^|_)(?:amount|balance|cash|fee|price|quantity)$")
MAXIMUM_POSITIONAL = 4

Breach = tuple[int, str]
Rule = Callable[[PurePosixPath, ast.Module], Iterator[Breach]]


def is_product(place: PurePosixPath) -> bool:
    """Whether a file belongs to the installed package."""
    return place.parts[:2] == ("backend", "edgerunner")


def is_test(place: PurePosixPath) -> bool:
    """Whether a file is a test or a helper of tests."""
    return place.parts[:2] == ("backend", "tests")


def package_of(place: PurePosixPath) -> str:
    """First folder (or module) below the package, such as `domain`; empty outside of it."""
    return PurePosixPath(place.parts[2]).stem if is_product(place) else ""


def dotted_name(node: ast.expr) -> str:
    """`a.b.c` for a chain of names; a call inside the chain reads as its function's name."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=owner, attr=name):
            return f"{dotted_name(owner)}.{name}"
        case ast.Call(func=function):
            return dotted_name(function)
        case _:
            return ""


def calls_in(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Every call below a node with the dotted name of what it calls."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, dotted_name(node.func)


def tasks_have_an_owner(place: PurePosixPath, tree: ast.Module) -> Iterator[Breach]:
    """A bare task lives in a class that can stop it or a function that cancels it; else a TaskGroup owns it."""
    if not is_product(place):
        return
    owned = {id(call) for owner in ast.walk(tree) if ends_its_tasks(owner) for call, _ in calls_in(owner)}
    for call, name in calls_in(tree):
        starts_task = name in TASK_STARTERS or name.endswith("_loop.create_task")
        if starts_task and id(call) not in owned:
            yield (
                call.lineno,
                f"{name} without an owner that ends it: use a TaskGroup, a class with stop, or try/finally",
            )


def ends_its_tasks(owner: ast.AST) -> bool:
    """A class with an awaitable stop, or a coroutine whose `finally` cancels."""
    match owner:
        case ast.ClassDef(body=members):
            return any(isinstance(member, ast.AsyncFunctionDef) and member.name in STOP_METHODS for member in members)
        case ast.AsyncFunctionDef():
            endings = [node.finalbody for node in ast.walk(owner) if isinstance(node, ast.Try)]
            return any(name.endswith(".cancel") for body in endings for line in body for _, name in calls_in(line))
        case _:
            return False


def queues_are_bounded(place: PurePosixPath, tree: ast.Module) -> Iterator[Breach]:
    """A queue without a bound hides a slow reader until memory ends."""
    if not is_product(place) or str(place) in COUNTED_QUEUES:
        return
    for call, name in calls_in(tree):
        if name in {"asyncio.Queue", "queue.Queue"} and not call.args and not call.keywords:
            yield call.lineno, f"{name} without a bound: pass maxsize and write down what happens when it is full"
        if name in {"queue.SimpleQueue", "asyncio.LifoQueue", "asyncio.PriorityQueue"}:
            yield call.lineno, f"{name}: use a bounded queue.Queue or asyncio.Queue"


def pure_code_reads_no_clock(place: PurePosixPath, tree: ast.Module) -> Iterator[Breach]:
    """`datetime` may be imported by the pure core for arithmetic, but not asked for the time."""
    if package_of(place) not in PURE_PACKAGES:
        return
    for call, name in calls_in(tree):
        owner, _, method = name.rpartition(".")
        if method in CLOCK_READS and owner.split(".")[-1] in {"date", "datetime"}:
            yield call.lineno, f"{name} in pure code: take the time as an argument"


def datetimes_are_aware(_place: PurePosixPath, tree: ast.Module) -> Iterator[Breach]:
    """A datetime without a zone is wrong on somebody's machine."""
    for call, name in calls_in(tree):
        given = {keyword.arg for keyword in call.keywords}
        if name.split(".")[-2:] == ["datetime", "utcnow"] or name.split(".")[-2:] == ["datetime", "utcfromtimestamp"]:
            yield call.lineno, f"{name} is naive: use a time zone"
        if name in {"datetime", "datetime.datetime"} and len(call.args) < 8 and not given & {"tzinfo", None}:
            yield call.lineno, "datetime without tzinfo"


def money_is_never_a_float(place: PurePosixPath, tree: ast.Module) -> Iterator[Breach]:
    """Prices, quantities and money on the order path are Decimal or integers of ticks and lots."""
    if package_of(place) in FLOAT_PACKAGES or str(place) in PRICE_GENERATORS:
        return
    for node in ast.walk(tree):
        for line, name, value, annotation in money_bindings(node):
            if isinstance(value, ast.Constant) and isinstance(value.value, float):
                yield line, f"{name} is bound to a float literal"
            if is_product(place) and annotation is not None and "float" in ast.unparse(annotation).split(" | "):
                yield line, f"{name} is annotated as a float"


def money_bindings(node: ast.AST) -> Iterator[tuple[int, str, ast.expr | None, ast.expr | None]]:
    """(line, name, value, annotation) wherever a node binds a name that means money."""
    found: list[tuple[str, ast.expr | None, ast.expr | None]] = []
    match node:
        case ast.Assign(targets=targets, value=value):
            found = [(dotted_name(target), value, None) for target in targets]
        case ast.AnnAssign(target=target, value=value, annotation=annotation):
            found = [(dotted_name(target), value, annotation)]
        case ast.keyword(arg=str(name), value=value):
            found = [(name, value, None)]
        case ast.arg(arg=name, annotation=annotation):
            found = [(name, None, annotation)]
    for name, value, annotation in found:
        if MONEY_NAME.search(name.split(".")[-1].lower()):
            yield getattr(node, "lineno", 0), name, value, annotation


def tests_do_not_sleep(place: PurePosixPath, tree: ast.Module) -> Iterator[Breach]:
    """A test waits for a condition with a deadline, never for a length of time."""
    if not is_test(place) or str(place) in WAITING_HELPERS or str(place).startswith(DRILLS):
        return
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in {"asyncio", "time"}
        for alias in node.names
        if alias.name == "sleep"
    }
    for call, name in calls_in(tree):
        if name in {"time.sleep", "asyncio.sleep", "anyio.sleep"} | imported:
            yield call.lineno, f"{name} in a test: wait for a condition"


def tests_use_no_mocks(place: PurePosixPath, tree: ast.Module) -> Iterator[Breach]:
    """Fakes have behaviour; mocks repeat the implementation."""
    if not is_test(place):
        return
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) if any(alias.name.startswith("unittest") for alias in names):
                yield node.lineno, "unittest imported: write a fake"
            case ast.ImportFrom(module=str(module)) if module.startswith("unittest"):
                yield node.lineno, "unittest imported: write a fake"
            case ast.arg(arg="mocker"):
                yield node.lineno, "mocker fixture: write a fake"


def arguments_are_named_beyond_four(place: PurePosixPath, tree: ast.Module) -> Iterator[Breach]:
    """A call with five unnamed values cannot be read."""
    if not is_product(place):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            positional = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
            if len([name for name in positional if name not in {"self", "cls"}]) > MAXIMUM_POSITIONAL:
                yield node.lineno, f"{node.name} takes more than {MAXIMUM_POSITIONAL} positional arguments"


def optional_modules_have_a_fallback(place: PurePosixPath, tree: ast.Module) -> Iterator[Breach]:
    """Windows lacks these modules: they are imported inside `try`, `if` or a function."""
    if not is_product(place):
        return
    for node in tree.body:
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            if name.split(".")[0] in OPTIONAL_MODULES:
                yield node.lineno, f"{name} imported without a fallback"


def imports_in(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, module) of every absolute import."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield node.lineno, module


def data_never_becomes_code(place: PurePosixPath, tree: ast.Module) -> Iterator[Breach]:
    """Bytes from elsewhere are decoded as data: no decoder that can run what it reads, no text run as a program."""
    if is_test(place):
        return
    for line, name in imports_in(tree):
        if name.split(".")[0] in CODE_CARRIERS:
            yield line, f"{name} can run what it reads: use JSON, msgpack, Parquet or NumPy"
    for call, name in calls_in(tree):
        if name in CODE_RUNNERS:
            yield call.lineno, f"{name} runs text as a program"
        for keyword in call.keywords:
            is_true = not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
            if keyword.arg in {"shell", "allow_pickle"} and is_true:
                yield call.lineno, f"{name} with {keyword.arg}: leave it out"


RULES: tuple[Rule, ...] = (
    tasks_have_an_owner,
    queues_are_bounded,
    pure_code_reads_no_clock,
    datetimes_are_aware,
    money_is_never_a_float,
    tests_do_not_sleep,
    tests_use_no_mocks,
    arguments_are_named_beyond_four,
    optional_modules_have_a_fallback,
    data_never_becomes_code,
)


def breaches_of_tree(root: Path = ROOT) -> list[str]:
    """Every breach of every rule below the checked folders, as `file:line: sentence`."""
    found = []
    for path in sorted(path for folder in CHECKED_FOLDERS for path in (root / folder).rglob("*.py")):
        place = PurePosixPath(path.relative_to(root).as_posix())
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        found += [f"{place}:{line}: {sentence}" for rule in RULES for line, sentence in rule(place, tree)]
    return found


def main() -> int:
    """Print every breach and return the exit code."""
    found = breaches_of_tree()
    for breach in found:
        print(breach)
    print(f"{len(RULES)} house rules, {len(found)} breaches")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
