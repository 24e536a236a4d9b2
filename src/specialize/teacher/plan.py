"""What is to be asked: problems and prompt → requests, in order, never all at once in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from specialize.core.errors import RecordError
from specialize.core.files import parse_record, read_rows
from specialize.core.params.teacher import TeacherParams
from specialize.records.problems import Problem
from specialize.teacher.api.requests import Request, keys_with_more_logprobs, request_for, runs
from specialize.teacher.cache.row import Row
from specialize.teacher.cache.store import Cache, Held, Query
from specialize.teacher.cost import Estimate, cost
from specialize.teacher.prompt import FewShot
from specialize.teacher.sampling.pending_request import PendingRequest


@dataclass(frozen=True)
class MissingSamples:
    """One question and the samples of it that are missing."""

    problem: Problem
    request: Request
    samples: frozenset[int]

    def only(self, samples: frozenset[int]) -> "MissingSamples":
        """Return the same question with other samples."""
        return replace(self, samples=samples)


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
        """Yield what the cache does not hold yet; a question that stands twice is yielded once."""
        wanted = frozenset(range(self.params.samples))
        yielded: set[str] = set()
        for problem, request in self.requests():
            if request.key in yielded:
                continue
            held = self.held(cache, request)
            if held.samples != wanted:
                yielded.add(request.key)
                yield MissingSamples(problem, request, wanted - held.samples)

    def held(self, cache: Cache, request: Request) -> Held:
        """Return what the cache holds of a request, and what it cost."""
        return cache.held(self._query(cache, request))

    def rows(self, cache: Cache, request: Request) -> Iterator[Row]:
        """Yield the cached rows of a request in the order of their samples."""
        for row in cache.read(self._query(cache, request)):
            read = row if row.key == request.key else replace(row, key=request.key, alternatives=self.params.top_k)
            yield replace(read, stop=self.stop) if self.stop else read

    def _query(self, cache: Cache, request: Request) -> Query:
        """Return what fits: the request's own rows; where they are too few, also those with more alternatives."""
        params = self.params
        own = Query((request.key,), params.samples, params.max_tokens, self.bare)
        if cache.complete(own):
            return own
        return replace(own, keys=(request.key, *keys_with_more_logprobs(params, request, self.endpoint)))

    def estimate(self, cache: Cache) -> Estimate:
        """Count what is left to ask for and what it may cost."""
        params, limits = self.params, self.params.limits
        cached = requests = prompt = completion = 0
        spent = 0.0
        seen: set[str] = set()
        for _, request in self.requests():
            held = self.held(cache, request)
            repeated = request.key in seen
            seen.add(request.key)
            cached += params.samples if repeated else len(held.samples)
            if repeated:
                continue
            spent += cost(limits.prices, held.billed_prompt, held.billed_completion)
            # As the run that paid for them booked them: at what they may have cost at most.
            bounds = held.requests_without_usage * request.prompt_bound, held.samples_without_usage * params.max_tokens
            spent += cost(limits.prices, *bounds)
            missing = set(range(params.samples)) - held.samples
            asked = sum(1 for _ in runs(missing, limits.samples_per_request if request.sends_n else 1))
            requests += asked
            prompt += asked * request.prompt_estimate
            completion += len(missing) * params.max_tokens
        samples = self.count * params.samples
        return Estimate(samples, cached, requests, prompt, completion, limits.prices, spent, limits.budget)

    def shards(self) -> Iterator[Iterator[tuple[Problem, Request]]]:
        """Yield the problems of each shard. Each block must be walked through before the next is taken."""
        walk = self.requests()
        for size in shard_sizes(self.count, self.params.shards):
            yield islice(walk, size)

    def pending(self, request: Request, first: int, count: int) -> PendingRequest:
        """Return the description of a request for some samples, which reads its response."""
        params = self.params
        return PendingRequest(request.key, first, count, params.model, params.max_tokens, params.top_k)

    @property
    def stop(self) -> tuple[str, ...]:
        """The texts that end an answer when it is read, since the server is not told of them."""
        return tuple(self.params.stop) if "stop" in self.params.request.leave_out else ()

    @property
    def bare(self) -> bool:
        """Whether completions without the log-probabilities that were asked for will do."""
        return self.params.without_logprobs == "allow" or not self.params.top_k


def shard_sizes(problems: int, shards: int) -> list[int]:
    """Return how many problems each shard has: contiguous blocks, the first ones longer where it does not divide.

    >>> shard_sizes(7, 3)
    [3, 2, 2]
    """
    size, longer = divmod(problems, shards)
    return [size + (shard < longer) for shard in range(shards)]
