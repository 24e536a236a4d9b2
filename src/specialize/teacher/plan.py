"""What is to be asked: problems and prompt → requests, in order, never all at once in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from specialize.core.errors import RecordError
from specialize.core.files import parse_record, read_rows
from specialize.core.params.teacher import TeacherParams
from specialize.records.problems import Problem
from specialize.teacher.api.requests import Request, request_for, runs
from specialize.teacher.cache.store import Cache
from specialize.teacher.cost import Estimate, cost
from specialize.teacher.prompt import FewShot


@dataclass(frozen=True)
class MissingSamples:
    """One question and the samples of it that are missing."""

    problem_id: str
    request: Request
    samples: frozenset[int]


class Plan:
    """The requests of a run, made anew from the problems file each time they are walked through."""

    def __init__(self, problems: Path, params: TeacherParams, few_shot: FewShot, endpoint: str) -> None:
        self.problems, self.params, self.few_shot, self.endpoint = problems, params, few_shot, endpoint
        self.count = sum(1 for _ in read_rows(problems))
        if not self.count:
            raise RecordError(f"{problems}:1", "(whole file)", "at least one problem", "none")

    def requests(self) -> Iterator[tuple[Problem, Request]]:
        """Yield each problem with its request, in file order."""
        for where, row in read_rows(self.problems):
            problem = parse_record(where, row, Problem)
            yield problem, request_for(self.params, self.few_shot, problem.question, self.endpoint)

    def missing(self, cache: Cache) -> Iterator[MissingSamples]:
        """Yield what the cache does not hold yet."""
        wanted = frozenset(range(self.params.samples))
        for problem, request in self.requests():
            held = cache.held(request.key, self.params.samples, self.params.max_tokens, self.bare)
            if held.samples != wanted:
                yield MissingSamples(problem.id, request, wanted - held.samples)

    def estimate(self, cache: Cache) -> Estimate:
        """Count what is left to ask for and what it may cost."""
        params, limits = self.params, self.params.limits
        cached = requests = prompt = completion = 0
        spent = 0.0
        for _, request in self.requests():
            held = cache.held(request.key, params.samples, params.max_tokens, self.bare)
            cached += len(held.samples)
            spent += cost(limits.prices, held.billed_prompt, held.billed_completion)
            # As the run that paid for them booked them: at what they may have cost at most.
            bounds = held.requests_without_usage * request.prompt_bound, held.samples_without_usage * params.max_tokens
            spent += cost(limits.prices, *bounds)
            missing = set(range(params.samples)) - held.samples
            asked = sum(1 for _ in runs(missing, limits.samples_per_request))
            requests += asked
            prompt += asked * request.prompt_estimate
            completion += len(missing) * params.max_tokens
        samples = self.count * params.samples
        return Estimate(samples, cached, requests, prompt, completion, limits.prices, spent)

    def shards(self) -> Iterator[Iterator[tuple[Problem, Request]]]:
        """Yield the problems of each shard. Each block must be walked through before the next is taken."""
        walk = self.requests()
        for size in shard_sizes(self.count, self.params.shards):
            yield islice(walk, size)

    @property
    def bare(self) -> bool:
        """Whether completions without the log-probabilities that were asked for will do."""
        return self.params.without_logprobs == "allow"


def shard_sizes(problems: int, shards: int) -> list[int]:
    """Return how many problems each shard has: contiguous blocks, the first ones longer where it does not divide.

    >>> shard_sizes(7, 3)
    [3, 2, 2]
    """
    size, longer = divmod(problems, shards)
    return [size + (shard < longer) for shard in range(shards)]
