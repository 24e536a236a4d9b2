"""params.yaml, section `traces`: which completions students learn from, and in which tokens."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field, field_validator, model_validator

from specialize.core.params.recipe_spec import RecipeSpec
from specialize.core.params.section import Section, bad_names
from specialize.records.scores import MathsReading

Reasoning = Literal["drop", "keep", "as_rationale"]


class FilterParams(Section):
    """Which completions become traces: the params of the traces' recipe."""

    reading: MathsReading = "strict"
    """Reading of the answer that must equal the gold (paper: the last number, so `flexible`)."""
    agreeing: bool = True
    """Also require that the last number of the reasoning equals the answer. Recorded teachers sometimes knew the gold
    answer and appended it to a chain that computes another one. (Paper: no such check.)"""
    reasoning: Reasoning = "drop"
    """Of a completion with a reasoning block (`<think>…</think>` or a server's own field), what becomes the chain of
    thought: what stands behind the block, or the block where nothing but the answer stands there (`drop`); the block
    alone (`as_rationale`); or both (`keep`). Tags are left out, and the answer line is the same in all three. Blocks
    are long: `train.students.NAME.max_target_tokens` bounds them in a student's tokens. (Paper: no such teachers.)"""
    duplicates: Literal["keep", "text", "equations"] = "text"
    """Per question drop a trace with the same words (`text`), or with the same equations (`equations`), as an earlier
    one. (Paper: `keep`.)"""
    per_question: int | None = Field(default=None, ge=1)
    """Keep at most this many traces per question. Null: all (paper)."""
    prefer: Literal["first", "shortest"] = "first"
    """Which traces `per_question` keeps. Small students learn better from short chains. (Paper: no quota.)"""
    ngram: int = Field(default=10, ge=0, le=50, json_schema_extra={"type": ["integer", "null"]})
    """Drop a trace whose question shares this many consecutive words (3 to 50) with any evaluation problem. Null (or
    0): only one whose whole question is there. Questions from a template share their words: set null, or every trace
    is dropped. (Paper: no check.)"""
    most_contaminated: float = Field(default=0.5, ge=0, le=1)
    """Share of the traces that may be dropped for such overlaps. Where it is more, the run stops at once and shows
    pairs of questions, instead of training on a rest. 1: never."""

    @field_validator("ngram", mode="before")
    @classmethod
    def _null_is_off(cls, ngram: object) -> object:
        return 0 if ngram is None else ngram

    @field_validator("ngram")
    @classmethod
    def _long_enough(cls, ngram: int) -> int:
        if ngram in (1, 2):
            raise ValueError(f"expected null or 3 to 50 words, got {ngram}: fewer in a row prove nothing")
        return ngram


class TokenizerParams(Section):
    """One tokenizer of the students."""

    source: str = "learned"
    """`learned`: a byte-level BPE learned from the traces; or a folder below `data.root`; or a Hugging Face id. A
    student that starts from a checkpoint needs that checkpoint's own (paper: T5's)."""
    revision: str | None = None
    """Commit of a Hugging Face tokenizer. Pin it: a branch may move under an experiment."""
    vocabulary: int | None = Field(default=None, ge=300, le=32000)
    """Vocabulary size of a learned tokenizer, without `whole_numbers`; null: 512."""
    whole_numbers: int = Field(default=0, ge=0, le=1000, strict=True)
    """Each integer below this number is one token of a learned tokenizer, alone and after a blank; longer runs of
    digits are split into threes from the left. 0: digits are learned like any text."""

    @model_validator(mode="after")
    def _fits_source(self) -> "TokenizerParams":
        if self.source != "learned" and (self.vocabulary is not None or self.whole_numbers):
            raise ValueError("'vocabulary' and 'whole_numbers' go with 'source: learned', and only with it")
        if self.source == "learned" and self.revision is not None:
            raise ValueError("'revision' goes with a Hugging Face id, not with 'source: learned'")
        return self


class AlignmentParams(Section):
    """How the teacher's distributions are mapped onto the student's tokens."""

    method: Literal["bytes", "dtw"] = "bytes"
    """`bytes`: tokens that cover the same bytes of the text belong together. `dtw`: the paper's dynamic programming
    over edit distances."""
    groups: Literal["one_hot", "merge", "chunk"] = "merge"
    """Target of a student token that matches no single teacher token: the token itself (`one_hot`, paper), the
    distribution that the teacher's implies (`merge`), or its group's joint likelihood (`chunk`). `dtw` supports only
    `one_hot`."""
    target_temperature: float | None = Field(default=None, ge=0, le=10)
    """Temperature T of the distributions that students match: the teacher's probabilities, which servers give at
    temperature 1, raised to 1 / T and normalised before anything is merged across tokens. Null: the temperature that
    the completions were sampled at (`teacher.temperature`); recorded completions with log-probabilities have none on
    record, so name it: `python -m specialize.traces temperature` estimates it. 0: the likeliest token alone. (Paper: 1
    for completions sampled at 0.5.)"""

    @model_validator(mode="after")
    def _paper(self) -> "AlignmentParams":
        if self.method == "dtw" and self.groups != "one_hot":
            raise ValueError(f"'method: dtw' is the paper's and goes with 'groups: one_hot', got '{self.groups}'")
        return self


class TokenizerRun(Section):
    """The params of a tokenizer's recipe, which also covers the traces aligned to its tokens."""

    name: str
    tokenizer: TokenizerParams
    alignment: AlignmentParams


class RoundAlignment(Section):
    """The params of a round's recipe in this phase: how a student's answers, as they stand, become targets."""

    alignment: AlignmentParams


class TracesParams(FilterParams):
    """Completions → correct, deduplicated, decontaminated traces, in the students' tokens."""

    tokenizers: dict[str, TokenizerParams] = Field(min_length=1)
    """Name → tokenizer; a student names one. Names are file names: lower-case letters, digits, `_` and `-`."""
    alignment: AlignmentParams = AlignmentParams()
    """How the teacher's distributions are mapped onto the students' tokens."""

    @field_validator("tokenizers")
    @classmethod
    def _names(cls, tokenizers: dict[str, TokenizerParams]) -> dict[str, TokenizerParams]:
        if bad := bad_names(tokenizers):
            raise ValueError(f"expected names of 1 to 64 lower-case letters, digits, '_' and '-', got {', '.join(bad)}")
        return tokenizers

    @property
    def filtering(self) -> FilterParams:
        """The params of the traces' recipe: the section without tokenizers and alignment."""
        return FilterParams(**{name: getattr(self, name) for name in FilterParams.model_fields})

    def tokenizer_run(self, name: str, sampling_temperature: float | None = None) -> TokenizerRun:
        """Return the params of one tokenizer's recipe. sampling_temperature: of the completions, null where unknown."""
        return TokenizerRun(name=name, tokenizer=self.tokenizers[name], alignment=self._alignment(sampling_temperature))

    def recipe_specs(self, sampling_temperature: float | None) -> list[RecipeSpec]:
        """Return a recipe per tokenizer and its aligned traces, and the recipe of the traces."""
        specs = []
        for name, tokenizer in self.tokenizers.items():
            folders = [] if tokenizer.source == "learned" else [tokenizer.source]
            params = self.tokenizer_run(name, sampling_temperature).model_dump(mode="json")
            specs.append(RecipeSpec(f"traces/{name}.json", params, raw_folders=folders))
        return [*specs, RecipeSpec("traces.json", self.filtering.model_dump(mode="json"))]

    def round_specs(self, rounds: Iterable[str], sampling_temperature: float | None) -> list[RecipeSpec]:
        """Return the recipe of each on-policy round's targets."""
        params = RoundAlignment(alignment=self._alignment(sampling_temperature)).model_dump(mode="json")
        return [RecipeSpec(f"traces/rounds/{name}.json", params) for name in rounds]

    def _alignment(self, sampling_temperature: float | None) -> AlignmentParams:
        """Return the alignment with its temperature filled in, as far as it is known."""
        if self.alignment.target_temperature is not None:
            return self.alignment
        return self.alignment.model_copy(update={"target_temperature": sampling_temperature})
