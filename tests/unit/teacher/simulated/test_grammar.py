"""The grammar is exact: held against an enumeration of all derivations."""

import math
import random
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from local_problems import CHAIN, FREE, LARGE, ONE, PROBLEMS, TWINS, problem

from specialize.records.problems import Problem
from specialize.teacher.simulated.derivations import Derivations, Place
from specialize.teacher.simulated.draw_tokens import Sample, draw
from specialize.teacher.simulated.grammar import Grammar, Node
from specialize.teacher.simulated.solution import solution_of
from specialize.teacher.simulated.tokens import END, tokenise

Tokens = tuple[str, ...]


def grammar(each: Problem, error_rate: float = 0.6) -> Grammar:
    return Grammar(solution_of(each), error_rate)


def enumerated(each: Problem, error_rate: float) -> dict[Tokens, float]:
    """Every text of a problem, as tokens, with the summed weight of its derivations."""
    derivations = Derivations(solution_of(each), error_rate)
    masses: dict[Tokens, float] = defaultdict(float)
    waiting: list[tuple[Tokens, float, Place | None]] = [((), 1.0, derivations.start)]
    while waiting:
        tokens, weight, place = waiting.pop()
        if place is None:
            masses[tokens] += weight
        else:
            for share, more, following in derivations.continuations(place):
                waiting.append(((*tokens, *more), weight * share, following))
    return dict(masses)


def mass_of(each: Problem, error_rate: float, tokens: Tokens) -> float:
    """The summed weight of the derivations that write exactly `tokens`: the enumeration, cut where it leaves them."""
    derivations = Derivations(solution_of(each), error_rate)

    def mass(at: int, place: Place | None) -> float:
        if place is None:
            return float(at == len(tokens))
        return math.fsum(
            share * mass(at + len(more), following)
            for share, more, following in derivations.continuations(place)
            if tokens[at : at + len(more)] == more
        )

    return mass(0, derivations.start)


def tokens_of(sample: Sample) -> Tokens:
    return (*(drawn.token for drawn in sample.drawn), END)


def probability(root: Node, tokens: Tokens) -> float:
    """The product of the next-token probabilities along a text."""
    node, logprob = root, 0.0
    for token in tokens:
        logprob += node.logprobs[node.tokens.index(token)]
        node = node if token == END else node.child(token)
    return math.exp(logprob)


@pytest.mark.parametrize(("each", "error_rate"), [(ONE, 0.6), (ONE, 0.0), (ONE, 1.0), (CHAIN, 0.0)])
def test_every_prefix_has_the_exact_distribution(each: Problem, error_rate: float) -> None:
    texts = enumerated(each, error_rate)
    assert math.fsum(texts.values()) == pytest.approx(1.0, abs=1e-12)
    masses: dict[Tokens, float] = defaultdict(float)
    following: dict[Tokens, set[str]] = defaultdict(set)
    for tokens, mass in texts.items():
        masses[tokens] += mass
        for at, token in enumerate(tokens):
            masses[tokens[:at]] += mass
            following[tokens[:at]].add(token)
    nodes = {(): grammar(each, error_rate).root}
    for prefix in sorted(following, key=len):
        node = nodes[prefix]
        expected = {token: masses[(*prefix, token)] / masses[prefix] for token in following[prefix]}
        assert dict(zip(node.tokens, map(math.exp, node.logprobs), strict=True)) == pytest.approx(expected, rel=1e-9)
        assert list(node.logprobs) == sorted(node.logprobs, reverse=True)
        nodes |= {(*prefix, token): node.child(token) for token in node.tokens if token != END}


@pytest.mark.parametrize("each", [CHAIN, FREE, TWINS, LARGE], ids=lambda each: each.id)
def test_sum_over_derivations_is_the_product_of_tokens(each: Problem) -> None:
    """With mistakes: texts that a slip, a dropped step and another order may all have written."""
    root, rng = grammar(each).root, random.Random(1)
    # A high temperature, so that rare texts come up too.
    texts = {tokens_of(draw(root, rng, temperature)) for temperature in (1.0, 4.0) for _ in range(60)}
    assert len(texts) > 100
    wanted = {tokens: mass_of(each, 0.6, tokens) for tokens in texts}
    assert {tokens: probability(root, tokens) for tokens in texts} == pytest.approx(wanted, rel=1e-9)


def test_the_error_rate_is_the_share_of_derivations_with_a_mistake() -> None:
    texts, right = enumerated(CHAIN, 0.3), enumerated(CHAIN, 0.0)
    assert math.fsum(texts.values()) == pytest.approx(1.0, abs=1e-9)
    assert math.fsum(texts[tokens] for tokens in right) == pytest.approx(0.7)


def test_one_text_of_two_derivations() -> None:
    """Either twin may come first: the text has the mass of both orders."""
    text = "It is 2 + 2 = 4.\nThen it is 2 + 2 = 4.\nIt is 4 * 4 = 16.\nThe answer is 16"
    tokens = (*tokenise(text), END)
    assert probability(grammar(TWINS, 0.0).root, tokens) == pytest.approx(0.36 * (0.24 * 0.55) * 0.36)


def test_free_orders_and_bound_ones() -> None:
    starts = {tokens[:2] for tokens in enumerated(FREE, 0.0)}
    assert {("Ada", " has"), ("Ben", " has")} <= starts
    assert ("They", " have") not in starts
    lines = "".join(draw(grammar(CHAIN, 0.0).root, random.Random(0), 1.0).text).splitlines()
    assert ["5 + 3 = 8" in lines[0], "8 - 2 = 6" in lines[1], lines[2:]] == [True, True, ["The answer is 6"]]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Ada has 5 + 3 = 9 apples.\nAda has 9 - 2 = 7 apples.\nThe answer is 7", "a slip, and on from it"),
        ("Ada has 5 + 2 = 7 apples.\nAda has 7 - 2 = 5 apples.\nThe answer is 5", "a wrong operand"),
        ("Ada has 5 + 3 = 8 apples.\nThe answer is 8", "the last step dropped"),
        ("Ada has 5 - 2 = 3 apples.\nThe answer is 3", "the first step dropped"),
    ],
)
def test_mistakes(text: str, why: str) -> None:
    tokens = (*tokenise(text), END)
    assert mass_of(CHAIN, 0.6, tokens) > 1e-4
    assert mass_of(CHAIN, 0.0, tokens) == 0.0


def test_entropy_where_it_matters() -> None:
    """More than five ways to begin a line, and several numbers behind an equals sign."""
    root = grammar(CHAIN).root
    assert len(root.tokens) > 5
    node = root
    for token in tokenise("Ada has 5 + 3 ="):
        node = node.child(token)
    assert len(node.tokens) > 3
    assert 0.3 < math.exp(node.logprobs[0]) < 0.9


def test_impossible_tokens() -> None:
    root = grammar(ONE).root
    with pytest.raises(KeyError):
        root.child("zebra")
    assert grammar(ONE).root_before_newline.tokens == ("\n",)


_NUMBER = st.integers(1, 400)


@st.composite
def worked(draw_: st.DrawFn) -> Problem:
    """A chain of steps, some of which start anew, as some worked solutions do."""
    value, lines = draw_(_NUMBER), []
    for _ in range(draw_(st.integers(1, 4))):
        left = draw_(st.one_of(st.just(value), _NUMBER))
        operation, right = draw_(st.sampled_from("+-*")), draw_(_NUMBER)
        value = {"+": left + right, "-": left - right, "*": left * right}[operation]
        holder = draw_(st.sampled_from(["Ada has", "One box holds", "", "Zoë pays"]))
        unit = draw_(st.sampled_from([" apples", "", " dollars, in all", "% of them"]))
        lines.append(f"{holder} {left} {operation} {right} = {value}{unit}.".strip())
    return problem("some", *lines, answer=value)


@given(worked(), st.floats(0, 1), st.integers(0, 99), st.sampled_from([0.0, 0.5, 1.0, 3.0]))
@settings(max_examples=60, deadline=None)
def test_sampled_paths(each: Problem, error_rate: float, seed: int, temperature: float) -> None:
    """Along any sample every distribution sums to 1, and the tokens are those of the whole text."""
    root = Grammar(solution_of(each), error_rate).root
    sample = draw(root, random.Random(seed), temperature)
    assert sample.finish_reason == "stop"
    assert [drawn.token for drawn in sample.drawn] == list(tokenise(sample.text))
    for drawn in sample.drawn:
        assert math.fsum(map(math.exp, drawn.node.logprobs)) == pytest.approx(1.0, abs=1e-9)
        assert drawn.logprob == drawn.node.logprobs[drawn.node.tokens.index(drawn.token)]
    assert sample.text.splitlines()[-1].startswith("The answer is ")


@given(worked(), st.floats(0.01, 0.99))
@settings(max_examples=40, deadline=None)
def test_continuations_sum_to_one(each: Problem, error_rate: float) -> None:
    derivations = Derivations(solution_of(each), error_rate)
    place: Place | None = derivations.start
    rng = random.Random(0)
    while place is not None:
        found = derivations.continuations(place)
        assert math.fsum(one.weight for one in found) == pytest.approx(1.0, abs=1e-12)
        assert min(one.weight for one in found) > 0
        place = rng.choice(found).place


def test_every_problem_can_be_solved_rightly() -> None:
    for each in PROBLEMS:
        text = draw(grammar(each, 0.0).root, random.Random(0), 0.0).text
        assert text.endswith(f"The answer is {each.answer}")
