"""What is to be scored: rollouts and their questions → requests, through the cache, limits and retries of sampling.

A scored text is a row of the cache like any completion, under a key of its own. Only the part of the response that
belongs to the text is kept: prompts are long, and their log-probabilities say nothing of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from specialize.core.errors import RecordError
from specialize.core.files import parse_record, read_rows
from specialize.core.params.teacher import TeacherParams
from specialize.records.completions import SamplingSettings
from specialize.records.predictions import Rollout
from specialize.records.problems import Problem
from specialize.teacher.api.requests import Request
from specialize.teacher.cache.row import Row
from specialize.teacher.cache.store import Cache, Query
from specialize.teacher.completions import completion_row, write_completions
from specialize.teacher.on_policy.read_scored import scored_tokens
from specialize.teacher.on_policy.scoring_request import GENERATED, ScoringRequest, Shape, scoring_request
from specialize.teacher.plan import Plan
from specialize.teacher.prompt import FewShot
from specialize.teacher.sampling.pending_request import PendingRequest


@dataclass(frozen=True)
class PendingText(PendingRequest):
    """One text that is being scored."""

    request: ScoringRequest | None = None

    def rows(self, response: Any, secrets: Sequence[str] = ()) -> list[Row]:
        """Return the row of the text. Raises as PendingRequest does."""
        assert self.request is not None
        (row, *_) = super().rows(response, secrets)
        tokens = scored_tokens(self.request, response, row.choice)
        content = (
            None if tokens is None else [_entry(token.spelling or b"", token.logprob, token.top) for token in tokens]
        )
        choice = {"text": self.request.given, "finish_reason": "stop", "logprobs": content and {"content": content}}
        shared = {name: value for name, value in row.response.items() if name != "prompt_logprobs"}
        return [replace(row, choice=choice, response=shared, choices=1, bare=not content)]


class ScoringPlan(Plan):
    """The requests of a run: one for each rollout, in the order of the file."""

    def __init__(
        self, problems: Path, rollouts: Path, params: TeacherParams, few_shot: FewShot, endpoint: str, shape: Shape
    ) -> None:
        limits = params.limits.model_copy(update={"min_readable": 0.0, "samples_per_request": 1})
        once = {"samples": 1, "max_tokens": GENERATED, "stop": [], "limits": limits}
        super().__init__(problems, params.model_copy(update=once), few_shot, endpoint)
        self.rollouts, self.shape = rollouts, shape
        self.asked = {one.id: one for where, row in read_rows(problems) for one in [parse_record(where, row, Problem)]}
        self.count = sum(1 for _ in read_rows(rollouts))

    def texts(self) -> Iterator[tuple[Rollout, Problem, ScoringRequest]]:
        """Yield each rollout with its problem and its request. Raises RecordError for an unknown problem."""
        for where, row in read_rows(self.rollouts):
            rollout = parse_record(where, row, Rollout)
            problem = self.asked.get(rollout.problem_id)
            if problem is None:
                hint = "Are these the problems that the student answered?"
                raise RecordError(
                    where, "problem_id", f"the id of a problem of {self.problems}", rollout.problem_id, hint
                )
            request = scoring_request(
                self.params, self.few_shot, problem.question, rollout.text, self.endpoint, self.shape
            )
            yield rollout, problem, request

    def requests(self) -> Iterator[tuple[Problem, Request]]:
        """Yield each request with its problem."""
        for _, problem, request in self.texts():
            yield problem, request

    def pending(self, request: Request, first: int, count: int) -> PendingText:
        """Return the description of a request, which reads its response."""
        assert isinstance(request, ScoringRequest)
        params = self.params
        return PendingText(request.key, first, count, params.model, params.max_tokens, params.top_k, request)

    def _query(self, cache: Cache, request: Request) -> Query:
        return Query((request.key,), 1, self.params.max_tokens, self.bare)


def write_scored(plan: ScoringPlan, cache: Cache, path: Path) -> tuple[int, int, int]:
    """Write the scored rollouts as a file of completions, whose teacher is the teacher and whose samples are the
    rollouts'; return texts, tokens, and tokens with a distribution. A refused text is left out."""
    counts = [0, 0, 0]

    def rows() -> Iterator[dict[str, Any]]:
        for rollout, _, request in plan.texts():
            for row in plan.rows(cache, request):
                if row.refused:
                    continue
                answer = row.answer()
                counts[0] += 1
                counts[1] += len(answer.tokens or ())
                counts[2] += sum(bool(token.top) for token in answer.tokens or ())
                columns = completion_row(rollout.problem_id, plan.params.model, rollout.sample, answer)
                yield {**columns, "finish_reason": None, "completion_tokens": None, "request_key": request.key}

    settings = SamplingSettings(**plan.params.model_dump(include=set(SamplingSettings.model_fields)), scored=True)
    write_completions(path, rows(), settings)
    return counts[0], counts[1], counts[2]


def _entry(spelling: bytes, logprob: float | None, top: Sequence[tuple[bytes, float]]) -> dict[str, Any]:
    """Return a token in the shape of the chat API, which keeps bytes."""
    others = [{"token": one.decode("utf-8", "replace"), "bytes": list(one), "logprob": value} for one, value in top]
    text = spelling.decode("utf-8", "replace")
    return {"token": text, "bytes": list(spelling), "logprob": logprob, "top_logprobs": others}
