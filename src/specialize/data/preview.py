"""What a run would be made of, as text: problems as they were parsed, counts, lengths, overlaps."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from specialize.core.params.load import Params
from specialize.core.prompt_formats import generic_source, source
from specialize.data.benchmarks.registry import BENCHMARKS
from specialize.data.build import Splits
from specialize.data.overlaps import contradictions, near_copies, overlaps
from specialize.data.student_tokens import Tokenizer, lengths, unwritable
from specialize.records.problems import Problem

MOST_LINES = 10
"""So many overlaps, contradictions and characters are listed; the rest is counted."""


def preview(
    splits: Mapping[str, Splits],
    params: Params,
    tokenizers: Mapping[str, Tokenizer],
    number: int,
    only: Sequence[str] = (),
) -> Iterator[str]:
    """Yield the lines: per dataset (of `only`, or all) counts, kinds, lengths and `number` problems; then what all the
    sets share."""
    for name, each in splits.items():
        if only and name not in only:
            continue
        yield from _dataset(name, each, params, tokenizers, number)
    yield "## Shared questions"
    yield ""
    yield from _shared(splits, params)


def _dataset(
    name: str, splits: Splits, params: Params, tokenizers: Mapping[str, Tokenizer], number: int
) -> Iterator[str]:
    dataset = params.data.datasets[name]
    problems = [problem for split, each in splits.items() if split != "exemplars" for problem in each]
    yield f"## {name}: {dataset.role.replace('_', ' ')}, from {params.data.source_of(name)}"
    yield ""
    yield "splits: " + ", ".join(f"{split} {len(each):,}" for split, each in splits.items())
    yield "answers: " + _counts(Counter(problem.kind for problem in problems))
    yield f"exemplars: {_exemplars(name, params)}"
    yield f"with a worked solution: {sum(problem.rationale is not None for problem in problems):,} of {len(problems):,}"
    yield f"words a question: {_spread([len(problem.question.split()) for problem in problems])}"
    for tokenizer, each in tokenizers.items():
        yield from _tokens(tokenizer, each, problems, params)
        yield from _unwritable(tokenizer, each, splits)
    for left, right in (found := contradictions(problems))[:MOST_LINES]:
        yield f"warning: {left} and {right} ask the same and have different answers"
    if len(found) > MOST_LINES:
        yield f"warning: … and {len(found) - MOST_LINES} more such pairs"
    yield ""
    for problem in _spaced(problems, number):
        yield from _problem(problem, dataset.role == "generic")


def _exemplars(name: str, params: Params) -> str:
    if params.data.source_of(name) == "procedural":
        return "generated"
    if name in BENCHMARKS and BENCHMARKS[name].exemplars:
        return "upstream's own"
    return params.data.datasets[name].exemplars or params.data.exemplars


def _tokens(name: str, tokenizer: Tokenizer, problems: Sequence[Problem], params: Params) -> Iterator[str]:
    limit = params.train.max_source_tokens
    counts = lengths(tokenizer, (_asked(problem) for problem in problems))
    longer = sum(count > limit for count in counts)
    yield f"tokens a prompt ({name}): {_spread(counts)}" + (
        f"; {longer:,} longer than train.max_source_tokens ({limit})" if longer else ""
    )


def _unwritable(name: str, tokenizer: Tokenizer, splits: Splits) -> Iterator[str]:
    """Yield a line for each split with characters that a student of this tokenizer can never write."""
    for split, problems in splits.items():
        if lost := unwritable(tokenizer, problems):
            shown = _counts(Counter({repr(character): count for character, count in lost.items()}))
            of = f"{len(problems):,} {split} problems"
            yield f"warning: {name} cannot write, in so many answers or solutions of {of}: {shown}"


def _problem(problem: Problem, is_generic: bool) -> Iterator[str]:
    yield f"[{problem.id}] {problem.kind}"
    yield from (generic_source("answer_only", problem.question) if is_generic else _asked(problem)).split("\n")
    yield f"→ {problem.answer}"
    yield ""


def _asked(problem: Problem) -> str:
    return source("zero_shot_chain_of_thought", problem.question, template=problem.template)


def _shared(splits: Mapping[str, Splits], params: Params) -> Iterator[str]:
    sets = {f"{name} {split}": problems for name, each in splits.items() for split, problems in each.items()}
    # Exemplars are the same for many datasets, and are kept out of the train split.
    found = overlaps({name: each for name, each in sets.items() if not name.endswith(" exemplars")})
    for each in found[:MOST_LINES]:
        yield f"{each.left} and {each.right}: {each.questions:,}, such as {' and '.join(each.example)}"
    if len(found) > MOST_LINES:
        yield f"… and {len(found) - MOST_LINES} more pairs of sets"
    if not found:
        yield "none"
    train = splits[params.data.seed_dataset]["train"]
    evaluation = [
        problem for each in splits.values() for split in ("validation", "test") for problem in each.get(split, [])
    ]
    ngram = params.traces.ngram
    near = near_copies(train, evaluation, ngram) if ngram else []
    if near:
        yield (
            f"{len(near):,} of {len(train):,} train questions share {ngram} words in a row with an evaluation question,"
            f" such as {near[0].id}: their traces are dropped. Questions from a template: set traces.ngram to null"
        )


def _counts(counts: Counter[str]) -> str:
    listed = [f"{each} {count:,}" for each, count in counts.most_common(MOST_LINES)]
    return ", ".join(listed) + (f", … and {len(counts) - MOST_LINES} more" if len(counts) > MOST_LINES else "")


def _spread(numbers: Sequence[int]) -> str:
    return f"median {median(numbers):g}, longest {max(numbers):,}"


def _spaced(problems: Sequence[Problem], number: int) -> list[Problem]:
    """Return `number` problems, evenly spaced, so that every split of some size is among them."""
    count = min(number, len(problems))
    return [problems[index * len(problems) // count] for index in range(count)]
