"""Answers of a server → rows of the cache."""

from dataclasses import dataclass
from typing import Any

from specialize.teacher.api.responses import choices_of, is_bare
from specialize.teacher.cache.store import Row


@dataclass(frozen=True)
class PendingRequest:
    """What one request asked for."""

    key: str
    first: int
    count: int
    model: str
    max_tokens: int
    top_k: int

    def rows(self, answer: Any) -> list[Row]:
        """Return the choices of an answer, at most as many as asked for. Raises MalformedResponseError."""
        choices = choices_of(answer)
        shared = {name: value for name, value in answer.items() if name != "choices"}
        return [
            Row(
                self.key,
                self.first + number,
                self.max_tokens,
                self.model,
                choice,
                shared,
                len(choices),
                bare=bool(self.top_k) and is_bare(choice),
            )
            for number, choice in enumerate(choices[: self.count])
        ]

    def filtered(self) -> list[Row]:
        """Return what is kept where the provider's filter refused the question: an observation about this question."""
        choice = {"text": "", "finish_reason": "content_filter"}
        samples = range(self.first, self.first + self.count)
        return [Row(self.key, sample, self.max_tokens, self.model, choice, {}) for sample in samples]
