"""A second of fuzzing for every decoder, under seeds that stay: a gate finds nothing new by luck, `make fuzz` does."""

import os

import pytest

from tests.fuzz.engine import Outcome, run
from tests.fuzz.registry import TARGETS

SEED = int(os.environ.get("EDGERUNNER_TEST_SEED", "2"))
PURE_EXAMPLES = 40
SERVED_EXAMPLES = 8
LONGEST_S = 60.0
"""Only for a machine that is busy with something else: the examples are counted, not timed."""


@pytest.mark.parametrize("name", TARGETS)
def test_hostile_input_is_decoded_or_refused(name: str) -> None:
    target = TARGETS[name]
    examples = SERVED_EXAMPLES if target.is_slow else PURE_EXAMPLES
    for seed in (1, SEED):
        outcome = run(target, first_seed=seed, seconds=LONGEST_S, most=examples)
        assert not outcome.findings, _told(outcome)
        assert outcome.executions, "nothing was tried"


def _told(outcome: Outcome) -> str:
    """Say what was found and how to see it again."""
    found = [
        f"{finding.error}\n  input {finding.value!r:.500}\n  again: "
        f'make fuzz FUZZ="--only {finding.target} --seed {finding.seed} --minutes 0.2"\n{finding.trace}'
        for finding in outcome.findings.values()
    ]
    return "\n".join(found)
