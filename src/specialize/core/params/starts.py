"""params.yaml, `train.starts`: what students start from."""

from typing import Literal

from pydantic import Field, model_validator

from specialize.core.model_families import family_of
from specialize.core.params.optimizer import OptimizerParams
from specialize.core.params.section import Section


class Architecture(Section):
    """Shape of a model that starts from random weights."""

    family: Literal["t5", "t5gemma", "llama", "qwen3"] = "t5"
    """`t5` and `t5gemma` are encoder-decoders, the others are causal."""
    d_model: int = Field(ge=8, multiple_of=2)
    """Width of the model (FlanT5-Base: 768)."""
    d_kv: int = Field(ge=4)
    """Width of one attention head (64)."""
    d_ff: int = Field(ge=8)
    """Width of the gated feed-forward layer (2048)."""
    num_layers: int = Field(ge=1)
    """Layers; of a T5 so many in the encoder and as many in the decoder (12)."""
    num_heads: int = Field(ge=1)
    """Attention heads (12)."""

    @model_validator(mode="after")
    def _heads(self) -> "Architecture":
        if self.family == "t5gemma" and self.d_model % self.num_heads:
            raise ValueError(f"d_model ({self.d_model}) must be a multiple of num_heads ({self.num_heads}) for t5gemma")
        return self


class PretrainingParams(OptimizerParams):
    """How random weights become a start checkpoint, on the texts of the procedural world."""

    objective: Literal["span_corruption", "next_token", "instructions"]
    """`span_corruption`: predict masked spans, as T5 was pretrained. `next_token`: continue a text, as causal models
    are. `instructions`: answer a mixture of tasks, as FlanT5 was tuned."""
    batch_tokens: int = Field(default=2500, ge=64)
    """Source and target tokens of one update, padding included."""
    learning_rate: float = Field(gt=0, le=1)
    """Peak learning rate of AdamW; for equal steps at every size it should fall as 1 / d_model."""
    embedding_learning_rate: float = Field(gt=0, le=1)
    """Peak rate of the embedding and the relative position bias, the same at every size."""
    schedule: Literal["cosine", "linear", "constant"] = "linear"
    """Decay of the learning rate after the warm-up."""
    warmup_steps: int = Field(default=30, ge=0)
    """Updates of linear warm-up."""
    weight_decay: float = Field(default=0.0, ge=0)
    """AdamW's weight decay, not on embeddings, biases and norms."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Dropout while pretraining."""
    chain_of_thought: float = Field(default=0.5, ge=0, le=1)
    """Share of the instructions whose target holds the reasoning; of the others it is the answer alone."""
    in_context: float = Field(default=0.0, ge=0, le=1)
    """Share of the instructions with a worked exemplar before the question."""
    noise: float = Field(default=0.15, gt=0, lt=1)
    """Share of masked tokens in span corruption (T5: 0.15)."""
    span: float = Field(default=3.0, ge=1)
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
