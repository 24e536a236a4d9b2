"""One request and what becomes of its response: rows of the cache."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from specialize.teacher.api.error_body import read_error
from specialize.teacher.api.finish_reason import is_final
from specialize.teacher.api.redact import one_line
from specialize.teacher.api.responses import MalformedResponseError, choices_of, is_bare
from specialize.teacher.api.server_errors import RefusedError, TransientError, classify_embedded
from specialize.teacher.cache.row import Row


@dataclass(frozen=True)
class PendingRequest:
    """What one request asks for."""

    key: str
    first: int
    count: int
    model: str
    max_tokens: int
    top_k: int

    def rows(self, response: Any, secrets: Sequence[str] = ()) -> list[Row]:
        """Return the choices that ended as a completion ends, at most as many as requested.

        Raises TransientError or RefusedError for an error in the place of an answer, and where no choice is whole.
        """
        no_choices = isinstance(response, Mapping) and not response.get("choices")
        if no_choices and (response.get("error") or read_error(response).message):
            raise classify_embedded(response, secrets)
        try:
            choices = choices_of(response)
        except MalformedResponseError as error:
            raise TransientError(str(error), maybe_billed=True, wrong_shape=True) from None
        shared = {name: value for name, value in response.items() if name != "choices"}
        whole = [
            (number, choice)
            for number, choice in enumerate(choices[: self.count])
            if is_final(choice.get("finish_reason")) and not choice.get("error")
        ]
        if not whole:
            raise TransientError(_broken_off(choices[0], secrets), maybe_billed=True)
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
            for number, choice in whole
        ]


def refused_rows(request: PendingRequest, samples: Iterable[int], refusal: RefusedError) -> list[Row]:
    """Return what is kept of a question that the server refuses: an observation about this question, free of charge."""
    details = {"status": refusal.status, "message": one_line(str(refusal))}
    choice = {"text": "", "finish_reason": refusal.reason, "refusal": details}
    return [Row(request.key, sample, request.max_tokens, request.model, choice, {}) for sample in sorted(samples)]


def _broken_off(choice: Mapping[str, Any], secrets: Sequence[str]) -> str:
    error = read_error(choice.get("error")).message if choice.get("error") else ""
    reason = f"the answer broke off (finish_reason {choice.get('finish_reason')!r})"
    return f"{reason}: {one_line(error, secrets)}" if error else reason
