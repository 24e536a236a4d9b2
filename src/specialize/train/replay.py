"""Replay: generic problems among the traces, so that a student does not forget what its start could do.

Differs from the paper: there a student sees maths alone, and its generic ability is the price; here a share of the
examples may be what the start was tuned on, because a few of them buy most of that ability back (docs/study).
"""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from specialize.core.encoding import Encoding
from specialize.core.errors import SpecializeError
from specialize.core.files import read_records
from specialize.core.params.training.replay import ReplayParams
from specialize.records.problems import Problem
from specialize.train.examples import Row
from specialize.train.instructions import render

REPLAY_FILE = "replay.jsonl"
"""In the folder of a start that was pretrained on instructions."""


def generic_problems(path: Path) -> list[Problem]:
    """Read the problems of a file that are asked by an instruction. Raises SpecializeError where there is none."""
    problems = [problem for problem in read_records(path, Problem) if problem.instruction]
    if not problems:
        raise SpecializeError(f"{path}: expected problems with an 'instruction', got none")
    return problems


class Replay:
    """Hands out generic problems, in an order drawn by seed, over and over, each time in prompts drawn anew."""

    def __init__(self, params: ReplayParams, problems: Sequence[Problem], encoding: Encoding, seed: int) -> None:
        self._params, self._problems, self._encoding, self._seed = params, problems, encoding, seed
        self._rows = self._endless()

    def rows(self, traces: int, longest_source: int, longest_target: int) -> list[Row]:
        """Return the rows that go with so many traces: `share` of both together. Ones that are too long are passed
        over. Raises SpecializeError where all are."""
        count = round(traces * self._params.share / (1 - self._params.share))
        found: list[Row] = []
        passed = 0
        while len(found) < count:
            row = next(self._rows)
            if len(row[0]) <= longest_source and len(row[1]) <= longest_target:
                found.append(row)
                passed = 0
            elif (passed := passed + 1) > len(self._problems):
                raise SpecializeError(
                    "train.replay: none of its problems fits max_source_tokens and max_target_tokens: raise them"
                )
        return found

    def _endless(self) -> Iterator[Row]:
        number = 0
        while True:
            order = list(self._problems)
            random.Random(f"{self._seed}/replay/{number}").shuffle(order)
            rendered = render(order, self._params, self._seed, number)
            sources, targets = [source for source, _ in rendered], [target for _, target in rendered]
            encoding = self._encoding
            yield from zip(encoding.source_ids(sources), encoding.answer_ids(sources, targets), strict=True)
            number += 1
