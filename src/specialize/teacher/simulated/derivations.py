"""The grammar: from a place in a derivation, the pieces of text that may come next, and where each leads.

A derivation writes the steps of a worked solution in an order that their equations allow, each in one of several
phrasings, some of them wrong, and then the answer line. What follows a mistake goes on from the wrong value.
"""

from dataclasses import dataclass
from typing import NamedTuple

from specialize.teacher.simulated.mistakes import DROPPED, equations, step_error_rate
from specialize.teacher.simulated.phrasing import PHRASES, beginnings, ending
from specialize.teacher.simulated.solution import Operand, Solution
from specialize.teacher.simulated.tokens import END, tokenise


class Between(NamedTuple):
    """Between two lines: the result of each step (None: still to come), and whether a line has been written."""

    results: tuple[int | None, ...]
    begun: bool


class Within(NamedTuple):
    """Before the equation of a step, in a line that began by a phrase."""

    between: Between
    step: int
    phrase: int


Place = Between | Within


class Continuation(NamedTuple):
    """With this weight come these tokens (none where a step is dropped), and then `place` (None: the end)."""

    weight: float
    tokens: tuple[str, ...]
    place: Place | None


@dataclass(frozen=True)
class Derivations:
    """All derivations of one solution; `error_rate` of them hold a mistake."""

    solution: Solution
    error_rate: float

    @property
    def start(self) -> Place:
        """The place before the first line."""
        return Between((None,) * len(self.solution.steps), False)

    def continuations(self, place: Place) -> list[Continuation]:
        """Return what may follow; the weights sum to 1."""
        return self._after_line(place) if isinstance(place, Between) else self._equation(place)

    def _after_line(self, place: Between) -> list[Continuation]:
        open_steps = self._open(place)
        if not open_steps:
            return [Continuation(1.0, (*tokenise(f"The answer is {place.results[-1]}"), END), None)]
        found = []
        # The order of the worked solution is the likeliest: every later step has half the weight of the one before.
        total = sum(0.5**rank for rank in range(len(open_steps)))
        for rank, index in enumerate(open_steps):
            weight = 0.5**rank / total
            dropped = self._dropped(place)
            if dropped:
                left, _ = self._operands(place, index)
                found.append(Continuation(weight * dropped, (), _with(place, index, left, place.begun)))
            for share, phrase, text in beginnings(self.solution.steps[index], _where(place)):
                here = weight * (1 - dropped) * share
                found.append(Continuation(here, tokenise(text), Within(place, index, phrase)))
        return found

    def _equation(self, place: Within) -> list[Continuation]:
        step, between = self.solution.steps[place.step], place.between
        left, right = self._operands(between, place.step)
        # A step that may be dropped and is not has less left to go wrong.
        dropped = self._dropped(between)
        error = (self._step_error - dropped) / (1 - dropped)
        blank = " " if PHRASES[place.phrase].before else ""
        found = []
        for weight, (shown_left, shown_right, result) in equations(step, left, right, self.solution.given, error):
            # Part by part: the parts come again and again, and their tokens are remembered.
            parts = (f"{blank}{shown_left}", f" {step.operation}", f" {shown_right}", " =", f" {result}")
            tokens = tuple(token for part in parts for token in tokenise(part))
            tokens += tokenise(ending(step, place.phrase, result))
            found.append(Continuation(weight, tokens, _with(between, place.step, result, True)))
        return found

    @property
    def _step_error(self) -> float:
        return step_error_rate(self.error_rate, len(self.solution.steps))

    def _dropped(self, place: Between) -> float:
        """The chance that the next step is dropped: none where it is the last one and nothing has been written."""
        droppable = place.begun or place.results.count(None) > 1
        return self._step_error * DROPPED if droppable else 0.0

    def _open(self, place: Between) -> list[int]:
        """The steps that are still to come and whose operands are known."""
        done = {index for index, result in enumerate(place.results) if result is not None}
        steps = enumerate(self.solution.steps)
        return [index for index, step in steps if index not in done and step.needs <= done]

    def _operands(self, place: Between, index: int) -> tuple[int, int]:
        step = self.solution.steps[index]
        return _value(step.left, place), _value(step.right, place)


def _value(operand: Operand, place: Between) -> int:
    """The operand as this derivation has it, after its mistakes."""
    result = None if operand.step is None else place.results[operand.step]
    return operand.value if result is None else result


def _with(place: Between, index: int, result: int, begun: bool) -> Between:
    return Between((*place.results[:index], result, *place.results[index + 1 :]), begun)


def _where(place: Between) -> str:
    if not place.begun:
        return "first"
    return "last" if place.results.count(None) == 1 else "middle"
