import random

from edgerunner.adapters.ibkr.history_pace import HistoryPace, Question
from edgerunner.adapters.ibkr.pace import Pace


def question(market: int = 1, identity: int = 1) -> Question:
    return Question(market=market, identity=identity)


def send(pace: HistoryPace, asked: Question, now_s: float) -> float:
    """When the question may leave; it is counted then."""
    while (delay_s := pace.delay_s(asked, now_s)) > 0:
        now_s += delay_s
    pace.note(asked, now_s)
    return now_s


def test_sixth_question_about_a_market_waits_two_seconds() -> None:
    pace = HistoryPace()
    assert [send(pace, question(identity=n), 0.0) for n in range(5)] == [0.0] * 5
    assert send(pace, question(identity=6), 0.0) >= 2.0
    assert send(pace, question(market=2, identity=7), 0.0) == 0.0


def test_identical_question_waits_fifteen_seconds() -> None:
    pace = HistoryPace()
    assert send(pace, question(), 100.0) == 100.0
    assert send(pace, question(), 101.0) >= 115.0


def test_sixty_questions_in_ten_minutes_are_never_exceeded() -> None:
    seed = 5
    randomness, pace, sent, now_s = random.Random(seed), HistoryPace(), [], 0.0
    for number in range(300):
        now_s = send(pace, question(market=randomness.randrange(40), identity=number), now_s + randomness.random())
        sent.append(now_s)
    for index, at in enumerate(sent):
        assert sum(at - 600 < other <= at for other in sent[: index + 1]) <= 60, f"seed {seed}"


async def test_questions_are_spread_so_that_orders_pass() -> None:
    now = [100.0]
    pace = Pace(lambda: now[0], per_second=3)
    for _ in range(3):
        await pace.turn()
    turns = list(pace._turns)
    assert turns == [100.0] * 3
    now[0] = 100.999
    await pace.turn()
    assert pace._turns[-1] == 101.0
