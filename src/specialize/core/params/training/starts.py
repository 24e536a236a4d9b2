"""params.yaml, `train.starts` and `train.rounds`: what students start from."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from specialize.core.model_families import family_of
from specialize.core.params.section import Section
from specialize.core.params.training.optimizer import MOST_BATCH_TOKENS, OptimizerParams
from specialize.core.params.training.replay import InstructionPrompts

MOST_WEIGHTS = 10**12
"""Of a model; none of that size could be trained from these params."""


class Architecture(Section):
    """Shape of a model that starts from random weights."""

    family: Literal["t5", "t5gemma", "llama", "qwen3"] = "t5"
    """`t5` and `t5gemma` are encoder-decoders, the others are causal."""
    d_model: int = Field(ge=8, le=65_536, multiple_of=2)
    """Width of the model (FlanT5-Base: 768)."""
    d_kv: int = Field(ge=4, le=4096)
    """Width of one attention head (64)."""
    d_ff: int = Field(ge=8, le=1 << 20)
    """Width of the gated feed-forward layer (2048)."""
    num_layers: int = Field(ge=1, le=1024)
    """Layers; of a T5 so many in the encoder and as many in the decoder (12)."""
    num_heads: int = Field(ge=1, le=1024)
    """Attention heads (12)."""

    @model_validator(mode="after")
    def _heads(self) -> "Architecture":
        if self.family == "t5gemma" and self.d_model % self.num_heads:
            raise ValueError(f"d_model ({self.d_model}) must be a multiple of num_heads ({self.num_heads}) for t5gemma")
        return self

    @model_validator(mode="after")
    def _exists(self) -> "Architecture":
        if self.weights > MOST_WEIGHTS:
            raise ValueError(f"expected a shape of at most {MOST_WEIGHTS:,} weights, got about {self.weights:,}")
        return self

    @property
    def weights(self) -> int:
        """Weights of its attention and feed-forward layers, of which the smallest family has so many."""
        return self.num_layers * self.d_model * (4 * self.d_kv * self.num_heads + 3 * self.d_ff)


class PretrainingParams(OptimizerParams, InstructionPrompts):
    """How random weights become a start checkpoint, on the texts of the procedural world."""

    objective: Literal["span_corruption", "next_token", "instructions"]
    """`span_corruption`: predict masked spans, as T5 was pretrained. `next_token`: continue a text, as causal models
    are. `instructions`: answer a mixture of tasks, as FlanT5 was tuned."""
    batch_tokens: int = Field(default=2500, ge=64, le=MOST_BATCH_TOKENS)
    """Source and target tokens of one update, padding included."""
    learning_rate: float = Field(gt=0, le=1)
    """Peak learning rate of AdamW; for equal steps at every size it should fall as 1 / d_model."""
    embedding_learning_rate: float = Field(gt=0, le=1)
    """Peak rate of the embedding and the relative position bias, the same at every size."""
    schedule: Literal["cosine", "linear", "constant", "warmup_stable_decay"] = "linear"
    """Decay of the learning rate after the warm-up."""
    warmup_steps: int = Field(default=30, ge=0)
    """Updates of linear warm-up."""
    weight_decay: float = Field(default=0.0, ge=0, le=100)
    """AdamW's weight decay, not on embeddings, biases and norms."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Dropout while pretraining."""
    noise: float = Field(default=0.15, gt=0, lt=1)
    """Share of masked tokens in span corruption (T5: 0.15)."""
    span: float = Field(default=3.0, ge=1, le=512)
    """Mean length of a masked span, in tokens (T5: 3)."""

    @property
    def texts(self) -> str:
        """Name of the data phase's file to learn from."""
        return "instructions.jsonl" if self.objective == "instructions" else "pretraining.jsonl"


class StartParams(Section):
    """One start: random weights, weights that this run pretrains, or a published checkpoint."""

    source: str = "scratch"
    """`scratch`: random weights. Or a Hugging Face id or a folder below `data.root` (paper: google/flan-t5-base …
    -xxl, t5-large, t5-3b). Encoder-decoder or causal; its config decides."""
    revision: str | None = None
    """Commit of a Hugging Face checkpoint. Pin it: a branch may move under an experiment."""
    tokenizer: str
    """Name of one of `traces.tokenizers`; a student has its start's."""
    architecture: Architecture | None = None
    """Needed where `source` is `scratch`."""
    pretraining: PretrainingParams | None = None
    """Null: students begin with the source's weights; random ones are drawn with each student's seed."""

    @property
    def learns_instructions(self) -> bool:
        """Whether this run pretrains it on the instruction mixture."""
        return self.pretraining is not None and self.pretraining.objective == "instructions"

    @model_validator(mode="after")
    def _shape(self) -> "StartParams":
        if (self.source == "scratch") != (self.architecture is not None):
            raise ValueError("'architecture' goes with 'source: scratch', and only with it")
        if self.pretraining and self.source != "scratch":
            raise ValueError("'pretraining' goes with 'source: scratch', and only with it")
        if self.pretraining and self.architecture:
            only = {"span_corruption": "encoder_decoder", "next_token": "causal"}.get(self.pretraining.objective)
            family = family_of(self.architecture.family, "architecture.family")
            if only not in (None, family):
                raise ValueError(
                    f"objective '{self.pretraining.objective}' is for the {only} family, "
                    f"and architecture.family '{self.architecture.family}' is of the {family} family"
                )
        if self.revision and self.source == "scratch":
            raise ValueError("'revision' goes with a Hugging Face id, not with 'source: scratch'")
        return self


class StartRun(StartParams):
    """The params of a start's recipe: everything that decides its weights."""

    name: str


class RoundParams(Section):
    """One on-policy round: a student's last checkpoint answers training questions, and the teacher's distributions over
    these answers are what another student, which starts from that checkpoint, learns from."""

    of: str
    """Name of the student whose last checkpoint answers; it may itself have started from a round."""
    tokenizer: str
    """Name of one of `traces.tokenizers`: that student's."""
    questions: int | None = Field(default=None, ge=1)
    """Ask at most this many of the questions that the traces are about, drawn with `seed`; null: all."""
    samples: int = Field(default=1, ge=1, le=1000)
    """Answers to each question."""
    temperature: float = Field(default=1.0, gt=0, le=10)
    """Temperature of the answers. 1: what the student itself would write."""
    seed: int = Field(default=1, ge=0)
    """Seed of the draw of questions, and of the answers."""


def round_mistakes(
    rounds: Mapping[str, RoundParams], starts: Mapping[str, StartParams], students: Mapping[str, tuple[str, str]]
) -> list[str]:
    """Return what is wrong with the rounds. students: name → its start and its tokenizer."""
    problems = [f"rounds.{name}: a start has this name too; give it another" for name in rounds if name in starts]
    for name, each in rounds.items():
        if each.of not in students:
            problems.append(f"rounds.{name}.of must be one of train.students ({', '.join(students)}), got {each.of!r}")
            continue
        start, tokenizer = students[each.of]
        if each.tokenizer != tokenizer:
            problems.append(
                f"rounds.{name}.tokenizer must be that of '{each.of}', {tokenizer!r}, got {each.tokenizer!r}"
            )
        seen = {name}
        while start in rounds and start not in seen and rounds[start].of in students:
            seen.add(start)
            start = students[rounds[start].of][0]
        if start in seen:
            problems.append(f"rounds.{name}.of: '{each.of}' starts, by way of rounds, from its own answers")
    return problems
