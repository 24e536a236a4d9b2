"""A worked solution as steps: one equation a line, and which results later steps go on from."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, cast

from specialize.records.problems import Problem
from specialize.teacher.simulated.parse_request import RefusalError

Operation = Literal["+", "-", "*", "/"]

_EQUATION = re.compile(r"(?<![\w.])(-?\d+) ([+\-*/]) (-?\d+) = (-?\d+)(?!\w|\.\d)")


@dataclass(frozen=True)
class Operand:
    """A number of an equation, and the step whose result it is (None: the question gives it)."""

    value: int
    step: int | None = None


@dataclass(frozen=True)
class Step:
    """`before left operation right = result` and `after`, which keeps its blank; a full stop at the end left out."""

    before: str
    left: Operand
    operation: Operation
    right: Operand
    result: int
    after: str

    @property
    def needs(self) -> frozenset[int]:
        """The steps that must come first."""
        return frozenset(each.step for each in (self.left, self.right) if each.step is not None)


@dataclass(frozen=True)
class Solution:
    """The steps in the order of the worked solution; the last one's result is the answer."""

    steps: tuple[Step, ...]

    @cached_property
    def given(self) -> frozenset[int]:
        """The numbers that the question gives."""
        operands = (operand for step in self.steps for operand in (step.left, step.right))
        return frozenset(operand.value for operand in operands if operand.step is None)


def apply(operation: Operation, left: int, right: int) -> int:
    """Return `left operation right`; a division is rounded down, and one by zero gives zero.

    Both happen only after a mistake: every equation of a worked solution is exact.
    """
    match operation:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left // right if right else 0


def solution_of(problem: Problem) -> Solution:
    """Read the worked solution of a problem.

    An operand is the result of the latest step before it that has this value and whose result no other operand took;
    the left operand chooses first. Numbers that are equal by chance may be taken for a result: that decides which
    orders are free and where a mistake goes, and never makes a right step wrong.
    Raises RefusalError where a line holds no right equation, or the last result is not the answer.
    """
    steps: list[Step] = []
    free: list[int] = []
    for number, line in enumerate((problem.rationale or "").splitlines(), start=1):
        where = f"problem {problem.id}, line {number} of its worked solution"
        found = list(_EQUATION.finditer(line))
        if len(found) != 1 or line.count("=") != 1:
            raise RefusalError(f"{where}: expected exactly one equation 'a + b = c' of integers, got {line!r}")
        left, right, result = (int(found[0][group]) for group in (1, 3, 4))
        operation = cast(Operation, found[0][2])
        exact = operation != "/" or (right != 0 and left % right == 0)
        if not exact or apply(operation, left, right) != result:
            raise RefusalError(f"{where}: expected a right equation, got {found[0][0]!r}")
        operands = [_operand(value, steps, free) for value in (left, right)]
        before, after = line[: found[0].start()].strip(), line[found[0].end() :].rstrip().removesuffix(".")
        steps.append(Step(before, operands[0], operation, operands[1], result, after))
        free.append(len(steps) - 1)
    if not steps or str(steps[-1].result) != problem.answer:
        got = f"{steps[-1].result}" if steps else "no worked solution"
        raise RefusalError(f"problem {problem.id}: expected a worked solution that ends in {problem.answer}, got {got}")
    return Solution(tuple(steps))


def _operand(value: int, steps: list[Step], free: list[int]) -> Operand:
    """Take a number for the result of a step in `free`, which then is free no longer, or for a given one."""
    for index in reversed(free):
        if steps[index].result == value:
            free.remove(index)
            return Operand(value, index)
    return Operand(value)
