"""The house rules catch what they name, spare what they allow, and hold for the whole tree."""

import ast
from pathlib import PurePosixPath

import house_rules
import pytest

PRODUCT = PurePosixPath("backend/edgerunner/services/sample.py")
PURE = PurePosixPath("backend/edgerunner/domain/sample.py")
TEST = PurePosixPath("backend/tests/unit/test_sample.py")

STARTS_A_TASK = "class Feed:\n    def start(self):\n        self._task = asyncio.create_task(self._run())\n"

PLANTED = [
    (house_rules.tasks_have_an_owner, PRODUCT, "async def go():\n    task = asyncio.create_task(work())\n"),
    (house_rules.tasks_have_an_owner, PRODUCT, "async def go():\n    asyncio.get_running_loop().create_task(work())\n"),
    (house_rules.tasks_have_an_owner, PRODUCT, STARTS_A_TASK),
    (house_rules.queues_are_bounded, PRODUCT, "inbox = asyncio.Queue()\n"),
    (house_rules.pure_code_reads_no_clock, PURE, "from datetime import UTC, datetime\nstart = datetime.now(UTC)\n"),
    (house_rules.datetimes_are_aware, PRODUCT, "start = datetime(2026, 1, 1)\n"),
    (house_rules.datetimes_are_aware, TEST, "start = datetime.datetime.utcnow()\n"),
    (house_rules.money_is_never_a_float, PRODUCT, "limit_price = 100.5\n"),
    (house_rules.money_is_never_a_float, PRODUCT, "place(quantity=0.1)\n"),
    (house_rules.money_is_never_a_float, PRODUCT, "def place(price: float | None) -> None: ...\n"),
    (house_rules.tests_do_not_sleep, TEST, "import time\ntime.sleep(1)\n"),
    (house_rules.tests_do_not_sleep, TEST, "from asyncio import sleep as pause\nasync def go():\n    await pause(1)\n"),
    (house_rules.tests_use_no_mocks, TEST, "from unittest.mock import Mock\n"),
    (house_rules.tests_use_no_mocks, TEST, "def test_order(mocker): ...\n"),
    (house_rules.arguments_are_named_beyond_four, PRODUCT, "def place(a, b, c, d, e): ...\n"),
    (house_rules.optional_modules_have_a_fallback, PRODUCT, "import uvloop\n"),
    (house_rules.optional_modules_have_a_fallback, PRODUCT, "from picows import ws_connect\n"),
    (house_rules.data_never_becomes_code, PRODUCT, "import pickle\n"),
    (house_rules.data_never_becomes_code, PRODUCT, "from marshal import loads\n"),
    (house_rules.data_never_becomes_code, PRODUCT, "rows = eval(text)\n"),
    (house_rules.data_never_becomes_code, PRODUCT, "settings = yaml.load(text)\n"),
    (house_rules.data_never_becomes_code, PRODUCT, "model = joblib.load(file)\n"),
    (house_rules.data_never_becomes_code, PRODUCT, "subprocess.run(command, shell=True)\n"),
    (house_rules.data_never_becomes_code, PRODUCT, "np.load(file, allow_pickle=wanted)\n"),
]

ALLOWED = [
    (
        house_rules.tasks_have_an_owner,
        PRODUCT,
        STARTS_A_TASK + "    async def stop(self):\n        self._task.cancel()\n",
    ),
    (
        house_rules.tasks_have_an_owner,
        PRODUCT,
        "async def go():\n    async with asyncio.TaskGroup() as group:\n        group.create_task(work())\n",
    ),
    (
        house_rules.tasks_have_an_owner,
        PRODUCT,
        "async def go():\n    task = asyncio.create_task(work())\n    try: await peer()\n    finally: task.cancel()\n",
    ),
    (house_rules.queues_are_bounded, PRODUCT, "inbox = asyncio.Queue(maxsize=100)\n"),
    (house_rules.pure_code_reads_no_clock, PRODUCT, "start = datetime.now(UTC)\n"),
    (house_rules.datetimes_are_aware, PRODUCT, "start = datetime(2026, 1, 1, tzinfo=UTC)\n"),
    (house_rules.money_is_never_a_float, PRODUCT, "price = Decimal('100.5')\ntimeout_s = 0.5\n"),
    (house_rules.tests_do_not_sleep, PRODUCT, "async def go():\n    await asyncio.sleep(1)\n"),
    (house_rules.data_never_becomes_code, PRODUCT, "np.load(file, allow_pickle=False)\nyaml.safe_load(text)\n"),
    (house_rules.arguments_are_named_beyond_four, PRODUCT, "def place(self, a, b, c, d, *, e): ...\n"),
    (
        house_rules.optional_modules_have_a_fallback,
        PRODUCT,
        "try:\n    import uvloop\nexcept ImportError:\n    uvloop = None\n",
    ),
]


def breaches(rule: house_rules.Rule, place: PurePosixPath, source: str) -> list[house_rules.Breach]:
    return list(rule(place, ast.parse(source)))


@pytest.mark.parametrize(("rule", "place", "source"), PLANTED)
def test_a_planted_breach_is_caught(rule: house_rules.Rule, place: PurePosixPath, source: str) -> None:
    assert breaches(rule, place, source)


@pytest.mark.parametrize(("rule", "place", "source"), ALLOWED)
def test_the_allowed_form_passes(rule: house_rules.Rule, place: PurePosixPath, source: str) -> None:
    assert breaches(rule, place, source) == []


def test_every_rule_has_been_seen_red() -> None:
    assert {rule for rule, _, _ in PLANTED} == set(house_rules.RULES)


def test_the_tree_keeps_the_house_rules() -> None:
    assert house_rules.breaches_of_tree() == []
