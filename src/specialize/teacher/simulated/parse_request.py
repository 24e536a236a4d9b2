"""The two request bodies, as far as this teacher honours them; what it does not, it refuses by name."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

LEGACY_TOP = 5
CHAT_TOP = 20
_Stop = Annotated[list[Annotated[str, Field(min_length=1)]], Field(max_length=4)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    model: str
    n: int | None = Field(default=1, ge=1, le=128)
    temperature: float | None = Field(default=1.0, ge=0, le=2)
    seed: int | None = None
    stop: Annotated[str, Field(min_length=1)] | _Stop | None = None
    user: str | None = None
    stream: Literal[False] | None = None
    top_p: Literal[1] | None = None
    presence_penalty: Literal[0] | None = None
    frequency_penalty: Literal[0] | None = None
    logit_bias: dict[str, float] | None = Field(default=None, max_length=0)

    @property
    def choices(self) -> int:
        return 1 if self.n is None else self.n

    @property
    def heat(self) -> float:
        """The temperature, OpenAI's default in place of null."""
        return 1.0 if self.temperature is None else self.temperature

    @property
    def stops(self) -> list[str]:
        return [self.stop] if isinstance(self.stop, str) else self.stop or []


class CompletionRequest(_Request):
    """Body of `/v1/completions`."""

    prompt: str | Annotated[list[str], Field(min_length=1, max_length=128)]
    max_tokens: int | None = Field(default=16, ge=1)
    logprobs: int | None = Field(default=None, ge=0, le=LEGACY_TOP)
    echo: bool | None = None
    """Score the prompt, whose end is an answer that somebody else wrote, instead of answering it."""
    best_of: int | None = None
    suffix: None = None

    @property
    def prompts(self) -> list[str]:
        return [self.prompt] if isinstance(self.prompt, str) else self.prompt


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    type: Literal["text"]
    text: str


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[_Part]
    name: str | None = None

    @property
    def text(self) -> str:
        return self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)


class ChatRequest(_Request):
    """Body of `/v1/chat/completions`."""

    messages: list[_Message] = Field(min_length=1)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    logprobs: bool | None = False
    top_logprobs: int | None = Field(default=None, ge=0, le=CHAT_TOP)
    store: Literal[False] | None = None
    response_format: dict[Literal["type"], Literal["text"]] | None = None

    @property
    def limit(self) -> int | None:
        return self.max_completion_tokens if self.max_completion_tokens is not None else self.max_tokens


Request = TypeVar("Request", CompletionRequest, ChatRequest)


def parse(body: Any, kind: type[Request]) -> Request:
    """Check a decoded body. Raises RefusalError that names the field, what was expected and what came."""
    if not isinstance(body, Mapping):
        raise RefusalError("expected a JSON object as the body")
    try:
        request = kind.model_validate(dict(body))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise RefusalError(f"unrecognised request argument: {field}", field) from None
        got = repr(first["input"])[:80]
        raise RefusalError(f"{field}: {first['msg']}; got {got}. This teacher plays no other value", field) from None
    if isinstance(request, ChatRequest) and request.top_logprobs is not None and not request.logprobs:
        raise RefusalError("top_logprobs needs logprobs: true", "top_logprobs")
    if isinstance(request, CompletionRequest) and request.best_of not in (None, request.choices):
        raise RefusalError("best_of: this teacher gives every sample it draws; leave it out", "best_of")
    return request


class RefusalError(Exception):
    """A request that cannot be answered: the message, the field at fault, the status and OpenAI's code for it."""

    def __init__(self, message: str, param: str | None = None, status: int = 400, code: str | None = None) -> None:
        super().__init__(message)
        self.message, self.param, self.status, self.code = message, param, status, code
