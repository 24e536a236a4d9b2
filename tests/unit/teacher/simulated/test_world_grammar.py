"""The contract with the procedural world: every one of its maths problems has a solution that this teacher can read."""

from specialize.core.params.data import DataParams
from specialize.data.procedural import datasets as world
from specialize.teacher.simulated.solution import solution_of

MATHS = ("world", "world_plain", "world_units", "world_distractor")


def test_every_worked_solution_is_readable() -> None:
    datasets = {name: {"role": "out_of_distribution" if name != "world" else "seed"} for name in MATHS}
    sizes = {"train": 300, "evaluation": 40}
    params = DataParams.model_validate({"source": "procedural", "datasets": datasets, "procedural": sizes})
    problems = [
        p for each in world.collect(params, MATHS).values() for p in (*each.train, *each.evaluation, *each.exemplars)
    ]
    assert len(problems) >= 460
    for problem in problems:
        solution = solution_of(problem)
        # A chain: every step goes on from the one before.
        assert [step.left.step for step in solution.steps[1:]] == list(range(len(solution.steps) - 1))
