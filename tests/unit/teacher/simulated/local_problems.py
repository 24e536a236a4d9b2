"""Small problems for the local teacher."""

from specialize.records.problems import Problem


def problem(name: str, *lines: str, answer: int) -> Problem:
    """Return a problem that is asked by its name and solved by these lines."""
    rationale = "\n".join(lines)
    question = f"What is {name}?"
    return Problem(id=name, dataset="d", question=question, answer=str(answer), kind="number", rationale=rationale)


ONE = problem("one", "Ada has 5 + 3 = 8 apples.", answer=8)
CHAIN = problem("chain", "Ada has 5 + 3 = 8 apples.", "Ada has 8 - 2 = 6 apples.", answer=6)
FREE = problem("free", "Ada has 2 + 3 = 5 pens.", "Ben has 4 * 1 = 4 pens.", "They have 5 + 4 = 9 pens.", answer=9)
TWINS = problem("twins", "It is 2 + 2 = 4.", "It is 2 + 2 = 4.", "It is 4 * 4 = 16.", answer=16)
"""Its first two steps are written alike, so that one text has several derivations."""
LARGE = problem("large", "Ada has 1250 * 4 = 5000 apples.", "Ada has 5000 / 8 = 625 apples.", answer=625)
PROBLEMS = (ONE, CHAIN, FREE, TWINS, LARGE)


def prompt_of(each: Problem) -> str:
    return f"Question: {each.question}\nLet's think step by step"
