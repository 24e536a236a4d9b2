"""Sampling: temperature as a power, streams of their own, stop strings, the bound on tokens."""

import math
import random
from collections import Counter

import pytest
from local_problems import CHAIN, ONE

from specialize.teacher.simulated.draw_tokens import choose, draw, stream
from specialize.teacher.simulated.grammar import Grammar, Node
from specialize.teacher.simulated.solution import solution_of

ROOT = Grammar(solution_of(CHAIN), 0.6).root


class Grid(random.Random):
    """`count` numbers spread evenly over 0 … 1, in the place of chance."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.left = iter([(place + 0.5) / count for place in range(count)])

    def random(self) -> float:
        return next(self.left)


@pytest.mark.parametrize("temperature", [0.2, 0.5, 1.0, 2.0])
def test_temperature_is_a_power(temperature: float) -> None:
    powers = [math.exp(logprob) ** (1 / temperature) for logprob in ROOT.logprobs]
    count, grid = 20_000, Grid(20_000)
    found = Counter(choose(ROOT, grid, temperature) for _ in range(count))
    for place, power in enumerate(powers):
        assert found[place] == pytest.approx(count * power / math.fsum(powers), abs=1.01)


def test_temperature_zero_is_greedy() -> None:
    assert {choose(ROOT, random.Random(seed), 0) for seed in range(50)} == {0}
    assert choose(ROOT, random.Random(3), 1e-6) == 0


def test_logprobs_are_those_of_temperature_one() -> None:
    node: Node = ROOT
    for drawn in draw(ROOT, random.Random(0), 0.5).drawn:
        assert drawn.logprob == node.logprobs[node.tokens.index(drawn.token)]
        node = node.child(drawn.token)


def test_choice_i_of_seed_s_is_choice_0_of_seed_s_plus_i() -> None:
    assert stream(7, "p", 3).random() == stream(10, "p", 0).random()
    assert stream(7, "p", 3).random() != stream(7, "q", 3).random()


def test_bound_on_tokens() -> None:
    whole = draw(ROOT, random.Random(5), 1.0)
    count = len(whole.drawn)
    for limit in (1, 4, count):
        cut = draw(ROOT, random.Random(5), 1.0, limit)
        assert (cut.finish_reason, cut.spent, len(cut.drawn)) == ("length", limit, limit)
        assert whole.text.startswith(cut.text)
    # The end must be drawn too.
    assert draw(ROOT, random.Random(5), 1.0, count + 1) == whole


@pytest.mark.parametrize("stop", ["\n", "The answer", "8 a", " = ", "nswer is"])
def test_stop_strings(stop: str) -> None:
    root = Grammar(solution_of(ONE), 0.0).root
    whole = draw(root, random.Random(2), 0)
    cut = draw(root, random.Random(2), 0, None, ["never", stop])
    assert cut.text == whole.text[: whole.text.index(stop)]
    assert cut.finish_reason == "stop"
    written = "".join(drawn.token for drawn in cut.drawn)
    assert written.startswith(cut.text)
    assert len(written) - len(cut.text) < len(cut.drawn[-1].token)
    assert cut.spent >= len(cut.drawn)
