"""The ways to get a step wrong, with the weight of each."""

from specialize.teacher.simulated.solution import Operation, Step, apply

DROPPED = 0.2
"""Share of the mistakes in which the step is left out; where it cannot be, the other kinds take its share."""
SLIP = 0.7
"""Share of arithmetic slips among the rest: the equation's right side is off. The others have a wrong operand."""
SLIPS = {1: 0.6, -1: 0.2, 10: 0.1, -10: 0.05, 2: 0.03, -2: 0.02}
"""By how much a slip is off, and how often: uneven, for a low temperature leaves only what is likely."""

Equation = tuple[int, int, int]
"""left, right, result"""


def step_error_rate(error_rate: float, steps: int) -> float:
    """Return the chance of a mistake at each of `steps` steps by which `error_rate` of the derivations hold one."""
    return float(1 - (1 - error_rate) ** (1 / steps))


def equations(step: Step, left: int, right: int, given: frozenset[int], error: float) -> list[tuple[float, Equation]]:
    """Return (weight, equation) of a step that starts from `left` and `right`; the weights sum to 1.

    `given` are the numbers of the question, `error` the chance of a mistake. Nobody writes that somebody has -1
    apples: no mistake makes a result negative or zero, but it may lead to one further on.
    """
    true = apply(step.operation, left, right)
    slips = [(weight, (left, right, true + off)) for off, weight in SLIPS.items() if true + off > 0]
    slips = slips or [(1.0, (left, right, true + 1))]
    operands = _operands(step.operation, left, right, given)
    share = SLIP if operands else 1.0
    wrong = [*_scaled(slips, error * share), *_scaled(operands, error * (1 - share))]
    return [each for each in ((1 - error, (left, right, true)), *wrong) if each[0] > 0]


def _operands(operation: Operation, left: int, right: int, given: frozenset[int]) -> list[tuple[float, Equation]]:
    """Wrong right operands: another number of the question, or one that is off by one."""
    weights = {number: 0.3**place for place, number in enumerate(sorted(given - {right, 0}))}
    for near, weight in ((right + 1, 0.3), (right - 1, 0.1)):
        if near > 0:
            weights[near] = weights.get(near, 0.0) + weight
    made = {number: apply(operation, left, number) for number in weights}
    return [(weight, (left, number, made[number])) for number, weight in weights.items() if made[number] > 0]


def _scaled(weighted: list[tuple[float, Equation]], total: float) -> list[tuple[float, Equation]]:
    mass = sum(weight for weight, _ in weighted)
    return [(total * weight / mass, equation) for weight, equation in weighted]
