"""params.yaml, section `teacher`: where completions come from."""

from collections.abc import Iterable
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from specialize.core.params.recipe_spec import RecipeSpec
from specialize.core.params.request import RequestParams
from specialize.core.params.section import MOST_TOKENS, Section, file_below

LOCAL = "local"
LEGACY_TOP_K = 5
CHAT_TOP_K = 20
SCORING = frozenset(
    {"mode", "base_url", "api", "model", "key_variable", "prompt", "top_k", "without_logprobs", "request", "local"}
)
"""What decides the distributions over a given text. How texts are sampled does not."""
MADE = "results/problems/"
"""Folder of the data phase's outputs, which the teacher phase may read."""


class Prices(Section):
    """The provider's prices, in dollars per million tokens."""

    prompt: float = Field(ge=0)
    """Of prompt tokens."""
    completion: float = Field(ge=0)
    """Of completion tokens."""


class LimitsParams(Section):
    """Speed and cost limits. Nothing here changes a completion, so recipes leave it out."""

    concurrency: int = Field(16, ge=1, le=1024)
    """Requests in flight at one time."""
    samples_per_request: int = Field(20, ge=1, le=128)
    """Samples asked for in one request (`n`), where the server honours it."""
    requests_per_minute: float | None = Field(None, gt=0)
    """The provider's limit; null: none."""
    tokens_per_minute: float | None = Field(None, gt=0)
    """The provider's limit, prompt and completion together; null: none."""
    timeout_s: float = Field(120, gt=0, le=604_800)
    """Seconds after which a request without a complete response is cancelled and retried."""
    attempts: int = Field(8, ge=1, le=10_000)
    """Tries of one request before the run ends. What was received is kept, and the next run continues from it."""
    backoff_s: float = Field(1, gt=0, le=3600)
    """Mean wait after the first failure, in seconds. It doubles with each further one, up to a minute."""
    prices: Prices | None = None
    """Prices of the model; null: unknown, and no cost is reported."""
    budget: float | None = Field(None, gt=0)
    """Dollars that all completions of this run may cost together, those in the cache included. The run stops before it
    passes them; raise the budget and run again to go on. Needs `prices`. Null: no bound."""
    patience_s: float = Field(1800, gt=0, le=604_800)
    """Seconds to wait, without one answer in between, for a server that asks for fewer requests (429), before the run
    ends. What was received is kept."""
    min_readable: float = Field(0.5, ge=0, le=1)
    """Share of the first answers in which an answer must be found; below it the run ends before more is paid. 0: no
    check."""
    poll_s: float = Field(60, gt=0, le=604_800)
    """Batch mode: seconds between two polls of a batch."""
    requests_per_batch: int = Field(10_000, ge=1, le=50_000)
    """Batch mode: requests in one file (OpenAI takes 50,000 and 200 MB)."""

    @model_validator(mode="after")
    def _budget_needs_prices(self) -> "LimitsParams":
        if self.budget is not None and self.prices is None:
            raise ValueError("expected prices beside a budget, got none: add `prices: {prompt: …, completion: …}`")
        return self


class LocalTeacherParams(Section):
    """The teacher on this machine (`base_url: local`): a stochastic grammar over the worked solutions of problems.

    Choice j of a request with seed s is drawn with seed s + j, so that a sample is the same in whatever request it is
    asked for.
    """

    error_rate: float = Field(0.75, ge=0, le=1)
    """Share of derivations with a mistake, at temperature 1. A lower temperature makes mistakes rarer: at 0.5, one
    completion in five of the default world has a wrong answer [at 0.5: 0.36]."""


def _plain_url(url: str) -> str:
    """`local`, or an address without a user, a password or a query: those may be secrets, and params are tracked."""
    if url == LOCAL:
        return url
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected `local` or an address such as https://host/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("expected an address without user, password and query: the key comes from the environment")
    return url.rstrip("/")


class TeacherParams(Section):
    """Train problems → completions."""

    mode: Literal["recorded", "online", "batch"] = "recorded"
    """`recorded`: import completions that somebody sampled before; `online`: sample from an OpenAI-compatible server;
    `batch`: the same through OpenAI's Batch API, at half the price and within a day."""
    recorded: list[str] = Field([], validate_default=True)
    """Files of recorded completions: a JSON array or JSON Lines of `{"instruction" or "question", "output"}`, or of
    OpenAI's responses beside a question. A path that begins with `results/problems/` is made by this pipeline, any
    other is relative to `data.root`. Each file is one teacher, named by the file. Mode `recorded` only."""
    base_url: Annotated[str, AfterValidator(_plain_url)] = LOCAL
    """Address of the server, up to `/v1`; `local`: the job starts the teacher of this project on this machine."""
    api: Literal["completions", "chat"] = "completions"
    """`completions` [paper: code-davinci-002] or `chat` (`/v1/chat/completions`)."""
    model: str = Field("local-teacher", min_length=1)
    """The server's name for the model [paper: code-davinci-002]."""
    key_variable: str | None = Field("OPENAI_API_KEY", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """Name of the environment variable that holds the key. The key itself is never written anywhere, and never sent
    over plain http to another machine. Null: none is sent."""
    prompt: str | None = None
    """Few-shot prompt: a `.jsonl` of worked problems (`question`, `rationale`, `answer`) or a `.txt` set before the
    question as it is; below `prompts/` or `results/problems/`. Null: zero-shot."""
    samples: int = Field(40, ge=1, le=10_000)
    """Completions per question [40]."""
    temperature: float = Field(0.5, ge=0, le=2)
    """Sampling temperature [0.5]."""
    max_tokens: int = Field(256, ge=1, le=MOST_TOKENS)
    """Longest completion, in the server's tokens [256]. A larger bound asks again only for those that met the old."""
    stop: list[str] = Field(["Question:"], max_length=4)
    """Texts at which a completion ends; they are not part of it."""
    seed: int | None = Field(1, ge=0, lt=1 << 15)
    """Sample i is asked with seed `65536 · seed + i`. Null: no seed is sent, for servers that refuse it."""
    top_k: int = Field(LEGACY_TOP_K, ge=0, le=CHAT_TOP_K)
    """Log-probabilities per token [5]; completions give at most 5, chat at most 20; 0: none."""
    without_logprobs: Literal["refuse", "allow"] = "refuse"
    """Where log-probabilities are asked for and none come: end with an error, or keep the text alone."""
    request: RequestParams = RequestParams()
    """How a request differs from the plain one."""
    shards: int = Field(1, ge=1, le=100_000)
    """Files of completions; problems are dealt to them in contiguous blocks. Resharding asks for nothing again."""
    local: LocalTeacherParams = LocalTeacherParams()
    """The teacher on this machine, for `base_url: local`."""
    limits: LimitsParams = LimitsParams()
    """Speed and cost limits."""

    @field_validator("recorded")
    @classmethod
    def _recorded_has_files(cls, recorded: list[str], info: ValidationInfo) -> list[str]:
        if info.data.get("mode") == "recorded" and not recorded:
            raise ValueError("expected at least one file of recorded completions, got none")
        return [file_below(path, MADE) if path.startswith("results/") else path for path in recorded]

    @field_validator("prompt")
    @classmethod
    def _dvc_sees_prompt(cls, path: str | None) -> str | None:
        return path and file_below(path, "prompts/", MADE)

    @model_validator(mode="after")
    def _api_gives_top_k(self) -> "TeacherParams":
        problems = []
        if self.api == "completions" and self.top_k > LEGACY_TOP_K:
            problems.append(f"top_k: expected at most {LEGACY_TOP_K} with api completions, got {self.top_k}")
        if self.api == "completions" and self.request.system is not None:
            problems.append("request.system: expected null with api completions, which has no messages")
        if self.mode == "batch" and self.base_url == LOCAL:
            problems.append("mode: expected `online` with base_url `local`, which has no batches, got batch")
        if self.mode == "online" and self.base_url == LOCAL and self.seed is None:
            problems.append("seed: expected a number with base_url `local`, whose completions are computed, got null")
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def paid(self) -> bool:
        """Whether completions come from a server elsewhere, so that none may be asked for twice."""
        return self.mode != "recorded" and self.base_url != LOCAL

    @property
    def sampling_temperature(self) -> float | None:
        """The temperature of the completions; null where they were recorded by somebody else."""
        return None if self.mode == "recorded" else self.temperature

    @property
    def prompt_file(self) -> str | None:
        """The prompt file that no rule makes and this mode reads, relative to the project."""
        made = self.prompt is None or self.prompt.startswith("results/")
        return None if self.mode == "recorded" or made else self.prompt

    @property
    def raw_files(self) -> list[str]:
        """The recorded files that no rule makes, relative to `data.root`."""
        recorded = self.recorded if self.mode == "recorded" else []
        return [path for path in recorded if not path.startswith("results/")]

    def recipe_specs(self) -> list[RecipeSpec]:
        """Return the recipe of the completions. `limits` are left out: speed and price change no completion."""
        return [
            RecipeSpec(
                "teacher.json",
                self.model_dump(mode="json", exclude={"limits"}),
                raw_files=self.raw_files,
                project_files=[self.prompt_file] if self.prompt_file else [],
            )
        ]

    def round_specs(self, rounds: Iterable[str]) -> list[RecipeSpec]:
        """Return the recipe of each on-policy round's scores."""
        files = [self.prompt_file] if self.prompt_file else []
        params = self.model_dump(mode="json", include=set(SCORING))
        return [RecipeSpec(f"teacher/rounds/{name}.json", params, project_files=files) for name in rounds]

    def scoring_mistakes(self) -> list[str]:
        """Return why this teacher cannot score the answers of an on-policy round; nothing: it can."""
        problems = []
        if self.mode != "online":
            problems.append(
                f"teacher.mode: expected online for train.rounds, since a server scores them, got {self.mode}"
            )
        if not self.top_k:
            problems.append("teacher.top_k: expected at least 1 for train.rounds, got 0")
        if self.base_url == LOCAL and self.api == "chat":
            problems.append("teacher.api: expected completions for train.rounds with base_url local, got chat")
        return problems
