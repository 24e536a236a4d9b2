"""params.yaml, section `train`: the students and how they learn."""

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from specialize.core.params.mistakes import closest
from specialize.core.params.recipe_spec import RecipeSpec
from specialize.core.params.section import MOST_TOKENS, Section, bad_names
from specialize.core.params.training.optimizer import OptimizerParams
from specialize.core.params.training.replay import ReplayParams
from specialize.core.params.training.starts import Architecture, RoundParams, StartParams, StartRun, round_mistakes
from specialize.records.prompt_style import PLAIN, PromptStyle

MOST_CHECKPOINTS = 10_000
"""Each is scored on every benchmark; a larger number is a slip, and its list of steps would fill the memory."""


class FormatWeights(Section):
    """Share of each data format among the training examples (paper's mix by examples: .483/.017/.483/.017)."""

    in_context_chain_of_thought: float = Field(default=0.0, ge=0)
    """Exemplars with reasoning before the question; the target is reasoning and answer."""
    in_context_answer_only: float = Field(default=0.0, ge=0)
    """Exemplars with answers before the question; the target is the answer alone."""
    zero_shot_chain_of_thought: float = Field(default=0.0, ge=0)
    """The question alone; the target is reasoning and answer."""
    zero_shot_answer_only: float = Field(default=0.0, ge=0)
    """The question alone; the target is the answer alone."""

    @model_validator(mode="after")
    def _some(self) -> "FormatWeights":
        if sum(self.model_dump().values()) <= 0:
            raise ValueError("at least one format needs a weight above 0")
        return self


class DistributionParams(Section):
    """The distribution loss: how a student matches the teacher's probabilities."""

    divergence: Literal["forward_kl", "reverse_kl", "skew_kl", "jsd"] = "forward_kl"
    """Between teacher p and student q: KL(p ‖ q) (paper: forward_kl), KL(q ‖ p), KL(p ‖ skew p + (1-skew) q), or
    generalised Jensen-Shannon."""
    missing_mass: Literal["tail", "renormalise", "raw"] = "tail"
    """The probability mass outside the teacher's top-k: one outcome for all other tokens (`tail`), rescale the top-k to
    sum to 1 (`renormalise`), or ignore it (paper: raw; for forward_kl only)."""
    temperature: float = Field(default=1.0, gt=0, le=20)
    """Temperature of both distributions; the loss is multiplied by its square (paper: 1)."""
    sample_weight: float = Field(default=0.0, ge=0, lt=1)
    """Weight of the sample loss in the objective where the teacher's distribution is known (paper: 0)."""
    skew: float = Field(default=0.1, ge=0, lt=1)
    """Share of the teacher in the mixture of `skew_kl`."""
    beta: float = Field(default=0.5, gt=0, lt=1)
    """Share of the teacher in the mixture of `jsd`."""

    @model_validator(mode="after")
    def _defined(self) -> "DistributionParams":
        if self.missing_mass == "raw" and self.divergence != "forward_kl":
            raise ValueError(
                f"missing_mass 'raw' goes with forward_kl alone, got {self.divergence}: others need "
                "probabilities that sum to 1; use tail or renormalise"
            )
        if self.divergence == "reverse_kl" and self.missing_mass != "tail":
            raise ValueError(
                "divergence 'reverse_kl' goes with missing_mass 'tail' alone: it is infinite where the teacher's "
                "probability of a token is 0 and the student's is not"
            )
        return self


class LoraParams(Section):
    """Low-rank adapters instead of all weights: much less memory for the optimizer, and small files to share."""

    rank: int = Field(default=16, ge=1, le=4096)
    """Rank of the factors."""
    alpha: int = Field(default=32, ge=1)
    """Scale: their product is added to a weight `alpha / rank` times."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Dropout before the adapter."""
    targets: list[str] | None = Field(default=None, min_length=1)
    """Names of the layers that get one, as `[q_proj, v_proj]`; null: every linear layer but the output layer."""


class Settings(Section):
    """Settings of one student that override the section's; null: the section's."""

    seed: int | None = Field(default=None, ge=0)
    """Seed of weights, data order, formats, exemplars and dropout."""
    learning_rate: float | None = Field(default=None, gt=0, le=1)
    """Peak learning rate of AdamW (paper: 5e-4)."""
    embedding_learning_rate: float | None = Field(default=None, gt=0, le=1)
    """Peak rate of the embedding and the relative position bias; null: `learning_rate`. A T5 from random weights needs
    a larger one: its embedding starts at standard deviation 1, which AdamW's equal steps hardly move."""
    formats: FormatWeights | None = None
    """Mix of the four data formats."""
    loss: Literal["sample", "distribution"] | None = None
    """See the section's."""
    distribution: DistributionParams | None = None
    """Replaces the section's `distribution` as a whole."""
    prompts: PromptStyle | None = None
    """Replaces the section's `prompts` as a whole."""
    lora: LoraParams | None = None
    """Replaces the section's `lora` as a whole."""
    replay: ReplayParams | None = None
    """Generic problems among the traces. Replaces the section's `replay` as a whole."""
    max_target_tokens: int | None = Field(default=None, ge=8)
    """Longest target in this student's tokens: a small one may leave out long chains."""


class StudentParams(Settings):
    """One student; a setting given here overrides the section's."""

    start: str
    """Name of one of `train.starts` or of `train.rounds`. From a round: the weights of its student's last checkpoint,
    and the loss is `distribution`, over that student's own answers."""
    tokenizer: str
    """Name of one of `traces.tokenizers`: the start's."""


class TrainingParams(OptimizerParams):
    """How students learn: the part of section `train` that a student's recipe holds as it stands."""

    checkpoints: list[int] = Field(default_factory=list)
    """Checkpoints after these updates, besides those of `checkpoint_every`: early ones show what is lost first."""
    checkpoint_every: int = Field(ge=1)
    """Updates between two checkpoints (paper: 10K micro-batches). Step 0, the start itself, is a checkpoint too."""
    gradient_accumulation_steps: int = Field(default=1, ge=1, le=65_536)
    """Parts that one update is computed in, to save memory; the loss does not depend on it (paper: 3–30)."""
    exemplars: int = Field(default=4, ge=1, le=1000)
    """Exemplars before an in-context question (paper: 4); fewer where `max_source_tokens` would be exceeded."""
    max_source_tokens: int = Field(default=1024, ge=16, le=MOST_TOKENS)
    """Longest source. An example whose question alone is longer is left out and counted."""
    max_target_tokens: int = Field(default=256, ge=8, le=MOST_TOKENS)
    """Longest target. An example with a longer one is left out and counted."""


def checkpoint_steps(training: TrainingParams) -> list[int]:
    """Return the steps of the checkpoints, 0 first."""
    return sorted({*range(0, training.steps + 1, training.checkpoint_every), *training.checkpoints})


class StudentRun(TrainingParams):
    """The params of a student's recipe: everything that decides its weights."""

    student: str
    seed: int
    learning_rate: float
    embedding_learning_rate: float
    formats: FormatWeights
    loss: Literal["sample", "distribution"]
    distribution: DistributionParams | None
    """Null where `loss` is `sample`."""
    start: str
    """`scratch`, a Hugging Face id or a folder; where `pretrained`, a name of `train.starts`."""
    revision: str | None
    tokenizer: str
    architecture: Architecture | None
    prompts: PromptStyle = PLAIN
    lora: LoraParams | None = None
    replay: ReplayParams | None = None
    pretrained: bool = False
    """Whether the start's weights are this run's own (results/starts/, or another student's checkpoint)."""
    on_policy: bool = False
    """Whether `start` is a round. Target tokens without a distribution then have no loss: they are no teacher's."""


class TrainParams(TrainingParams):
    """Traces + a start checkpoint → fine-tuned checkpoints along the way."""

    formats: FormatWeights
    """Mix of the four data formats."""
    loss: Literal["sample", "distribution"] = "sample"
    """`sample`: cross entropy on the teacher's text; `distribution`: match the teacher's top-k probabilities at every
    token (paper: distribution for 3B and 11B)."""
    distribution: DistributionParams = DistributionParams()
    """How distributions are matched."""
    prompts: PromptStyle = PLAIN
    """How students are prompted, in training and in scoring."""
    lora: LoraParams | None = None
    """Train adapters; null: all weights (paper)."""
    replay: ReplayParams | None = None
    """Generic problems among the traces, for all students; null: none (paper)."""
    gradient_checkpointing: bool = False
    """Compute activations again in the backward pass instead of keeping them: much less memory, about a third more
    time, the same bytes. So it is in no recipe, and may be switched at any time."""
    starts: dict[str, StartParams] = Field(min_length=1)
    """Name → what students start from."""
    rounds: dict[str, RoundParams] = Field(default_factory=dict)
    """Name → on-policy round, which students may name as their start. None unless given."""
    students: dict[str, StudentParams] = Field(min_length=1)
    """Name → student. Names are file names: lower-case letters, digits, `_` and `-`. A student may have its own seed,
    learning rates, formats, loss and distribution."""

    @field_validator("students", "starts", "rounds")
    @classmethod
    def _names(cls, named: dict[str, Any]) -> dict[str, Any]:
        if bad := bad_names(named):
            raise ValueError(f"expected names of 1 to 64 lower-case letters, digits, '_' and '-', got {', '.join(bad)}")
        return named

    @model_validator(mode="after")
    def _starts_agree(self) -> "TrainParams":
        known: dict[str, RoundParams | StartParams] = {**self.rounds, **self.starts}
        where = "train.starts or train.rounds" if self.rounds else "train.starts"
        problems = round_mistakes(
            self.rounds,
            self.starts,
            {name: (student.start, student.tokenizer) for name, student in self.students.items()},
        )
        if problems:  # or `first_start` might go round in a circle
            raise ValueError("\n".join(problems))
        for name, student in self.students.items():
            start = known.get(student.start)
            if student.start in self.rounds and (student.loss == "sample" or student.formats):
                problems.append(
                    f"students.{name}: starts from round '{student.start}', whose answers are learned from in the "
                    "format they were asked in, by distributions alone: leave out 'loss: sample' and 'formats'"
                )
            if start is None:
                problems.append(
                    f"students.{name}.start must be one of {where} ({', '.join(known)}), got {student.start!r}"
                    + closest(student.start, list(known))
                )
            elif start.tokenizer != student.tokenizer:
                asked = f"its start's, {start.tokenizer!r}"
                problems.append(f"students.{name}.tokenizer must be {asked}, got {student.tokenizer!r}")
            elif (replay := student.replay or self.replay) and not (replay.file or self._has_instructions(name)):
                problems.append(
                    f"students.{name}: replay.file must name a file of generic problems: its start {student.start!r} "
                    "was not pretrained on instructions here, so this run has none"
                )
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @model_validator(mode="after")
    def _last_checkpoint(self) -> "TrainParams":
        problems = []
        if self.steps % self.checkpoint_every:
            problems.append(
                f"steps ({self.steps}) must be a multiple of checkpoint_every ({self.checkpoint_every}), "
                "so that the last update leaves a checkpoint"
            )
        if self.steps // self.checkpoint_every > MOST_CHECKPOINTS:
            problems.append(
                f"checkpoint_every: expected at most {MOST_CHECKPOINTS} checkpoints, "
                f"got {self.steps // self.checkpoint_every} ({self.steps} steps, one every {self.checkpoint_every})"
            )
        if bad := [step for step in self.checkpoints if not 0 < step <= self.steps]:
            problems.append(f"checkpoints: expected steps from 1 to {self.steps}, got {bad}")
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def checkpoint_steps(self) -> list[int]:
        """Steps of the checkpoints, 0 first."""
        return checkpoint_steps(self)

    def first_start(self, name: str) -> str:
        """Return which of `starts` a student's weights come from in the end, rounds in between left out."""
        start = self.students[name].start
        return self.first_start(self.rounds[start].of) if start in self.rounds else start

    def _has_instructions(self, name: str) -> bool:
        start = self.starts.get(self.first_start(name))
        return start is not None and start.learns_instructions

    def run_of(self, name: str) -> StudentRun:
        """Return one student's complete settings: its own override the section's."""
        own = self.students[name]
        start = self.starts[self.first_start(name)]
        settings = {field: getattr(self, field) for field in TrainingParams.model_fields}
        learning_rate = own.learning_rate or self.learning_rate
        loss = own.loss or self.loss
        settings |= {
            "student": name,
            "seed": self.seed if own.seed is None else own.seed,
            "learning_rate": learning_rate,
            "embedding_learning_rate": own.embedding_learning_rate or self.embedding_learning_rate or learning_rate,
            "formats": own.formats or self.formats,
            "loss": loss,
            # Null keeps it out of a student of the other loss, whose recipe stays when these settings change.
            "distribution": (own.distribution or self.distribution) if loss == "distribution" else None,
            "prompts": own.prompts or self.prompts,
            "lora": own.lora or self.lora,
            "replay": own.replay or self.replay,
            "max_target_tokens": own.max_target_tokens or self.max_target_tokens,
            "start": own.start if start.pretraining else start.source,
            "revision": start.revision,
            "tokenizer": own.tokenizer,
            "architecture": None if start.pretraining else start.architecture,
            "pretrained": start.pretraining is not None,
        }
        return StudentRun(**settings | self._on_policy(own))

    def _on_policy(self, own: StudentParams) -> dict[str, Any]:
        """Return what is settled by a start that is a round; nothing for any other."""
        if own.start not in self.rounds:
            return {}
        return {
            "on_policy": True,
            "start": own.start,
            "revision": None,
            "architecture": None,
            "pretrained": True,
            "loss": "distribution",
            "distribution": own.distribution or self.distribution,
            "formats": FormatWeights(zero_shot_chain_of_thought=1.0),
            "prompts": own.prompts or self.run_of(self.rounds[own.start].of).prompts,
        }

    def start_run(self, name: str) -> StartRun:
        """Return the params of one start's recipe."""
        return StartRun(name=name, **{field: getattr(self.starts[name], field) for field in StartParams.model_fields})

    def recipe_specs(self) -> list[RecipeSpec]:
        """Return a recipe per start and per student.

        The files of a start that others made stand in the recipes of the students, which load them.
        """
        specs = [
            RecipeSpec(f"train/starts/{name}.json", self.start_run(name).model_dump(mode="json"))
            for name in self.starts
        ]
        for name in self.students:
            run = self.run_of(name)
            folders = [] if run.pretrained or run.start == "scratch" else [run.start]
            files = [run.replay.file] if run.replay and run.replay.file else []
            # So the recipe of a student that starts from no round is what it was before there were any.
            params = run.model_dump(mode="json", exclude=set() if run.on_policy else {"on_policy"})
            specs.append(RecipeSpec(f"train/{name}.json", params, raw_files=files, raw_folders=folders))
        return specs
