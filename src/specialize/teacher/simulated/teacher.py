"""The teacher itself: problems in, completions of requests out; no network here."""

import secrets
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

from specialize.core.errors import SpecializeError
from specialize.core.questions import normalised_question
from specialize.records.problems import Problem
from specialize.teacher.simulated.draw_tokens import Sample, draw, follow, stream
from specialize.teacher.simulated.grammar import Grammar
from specialize.teacher.simulated.parse_prompt import begun_answers, question_of, question_of_messages
from specialize.teacher.simulated.parse_request import ChatRequest, CompletionRequest, RefusalError, parse
from specialize.teacher.simulated.solution import solution_of
from specialize.teacher.simulated.tokens import count_tokens, tokenise
from specialize.teacher.simulated.write_response import chat_body, completion_body, echo_body, usage

MODEL = "local-teacher"
GRAMMARS_KEPT = 128
"""Problems whose grammar stays in memory, the last asked for. One takes about a megabyte after some dozen samples."""


class Teacher:
    """Answers the questions of `problems`; `error_rate` of the derivations hold a mistake (at temperature 1)."""

    def __init__(self, problems: Iterable[Problem], error_rate: float) -> None:
        self._error_rate = error_rate
        self._problems: dict[str, Problem] = {}
        self._grammars: OrderedDict[str, Grammar] = OrderedDict()
        for problem in problems:
            known = self._problems.setdefault(normalised_question(problem.question), problem)
            if known.rationale != problem.rationale:
                what = f"problems {known.id} and {problem.id} ask the same question and solve it differently"
                raise SpecializeError(f"{what}; serve only one of them")

    def complete(self, body: Any) -> dict[str, Any]:
        """Answer a decoded body of `/v1/completions`. Raises RefusalError."""
        request = parse(body, CompletionRequest)
        if request.echo:
            return self._echo(request, body)
        samples: list[Sample] = []
        for prompt in request.prompts:
            begun = prompt.endswith("\n")
            samples += self._samples(request, question_of(prompt), request.max_tokens, newline=not begun)
        answer = completion_body(MODEL, body, samples, request.logprobs, request.prompts)
        return {**answer, "usage": usage(sum(map(count_tokens, request.prompts)), samples)}

    def _echo(self, request: CompletionRequest, body: Any) -> dict[str, Any]:
        """Score a prompt whose end is an answer."""
        if len(request.prompts) > 1 or request.choices > 1:
            raise RefusalError("expected one prompt and n: 1 with echo", "echo")
        (prompt,) = request.prompts
        for question, start in begun_answers(prompt):
            if normalised_question(question) in self._problems:
                _, grammar = self.grammar(question)
                tokens = tokenise(prompt[start:])
                scored = list(zip(tokens, follow(grammar.root_before_newline, tokens), strict=True))
                answer = echo_body(MODEL, body, prompt, tokenise(prompt[:start]), scored, request.logprobs or 0)
                return {**answer, "usage": usage(count_tokens(prompt), [])}
        raise RefusalError("expected a question that this teacher serves, and an answer behind it", "prompt")

    def chat(self, body: Any) -> dict[str, Any]:
        """Answer a decoded body of `/v1/chat/completions`. Raises RefusalError."""
        request = parse(body, ChatRequest)
        messages = [(message.role, message.text) for message in request.messages]
        samples = self._samples(request, question_of_messages(messages), request.limit, newline=False)
        answer = chat_body(MODEL, body, samples, (request.top_logprobs or 0) if request.logprobs else None)
        return {**answer, "usage": usage(sum(count_tokens(text) for _, text in messages), samples)}

    def grammar(self, question: str) -> tuple[Problem, Grammar]:
        """Return the problem that asks `question`, and its grammar. Raises RefusalError where it cannot be had."""
        problem = self._problems.get(normalised_question(question))
        if problem is None:
            known = f"expected a question of the {len(self._problems):,} problems that this teacher serves"
            raise RefusalError(f"{known}, got {question[:80]!r}", "prompt", code="unknown_question")
        grammar = self._grammars.pop(problem.id, None) or Grammar(solution_of(problem), self._error_rate)
        self._grammars[problem.id] = grammar
        if len(self._grammars) > GRAMMARS_KEPT:
            self._grammars.popitem(last=False)
        return problem, grammar

    def _samples(
        self, request: CompletionRequest | ChatRequest, question: str, limit: int | None, newline: bool
    ) -> Sequence[Sample]:
        """Draw the choices of one prompt. `newline`: the prompt's last line is open, so a newline comes first."""
        if request.model != MODEL:
            message = f"model: expected {MODEL!r}, got {request.model!r}"
            raise RefusalError(message, "model", status=404, code="model_not_found")
        problem, grammar = self.grammar(question)
        root = grammar.root_before_newline if newline else grammar.root
        # As everywhere, a request without a seed is answered by chance.
        seed = secrets.randbits(48) if request.seed is None else request.seed
        return [
            draw(root, stream(seed, problem.id, index), request.heat, limit, request.stops)
            for index in range(request.choices)
        ]
