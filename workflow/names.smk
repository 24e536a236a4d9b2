"""Names shared by all phases: files of results/ by params, and inputs that depend on a wildcard.

`*_MADE` is the provenance of the jobs that make a file: as an input `before` it makes a rule wait for them.
"""

ROOT = raw_root(PARAMS, PROJECT)
SEED = PARAMS.data.seed_dataset
STUDENTS = list(PARAMS.train.students)
ROUNDS = PARAMS.train.rounds
TOKENIZERS = list(PARAMS.traces.tokenizers)
ALIGNED = "results/traces/aligned/{tokenizer}"
TOKENIZER = [
    f"results/traces/tokenizers/{{tokenizer}}/tokenizer{part}.json"
    for part in ("", "_config")
]
# One file of completions, and of aligned traces per tokenizer, a shard.
PROBLEMS_MADE = "results/problems/provenance.json"
COMPLETIONS_MADE = "results/completions/provenance.json"
TRACES_MADE = "results/traces/provenance.json"
TOKENIZER_MADE = "results/traces/tokenizers/{tokenizer}/provenance.json"
ALIGNED_MADE = f"{ALIGNED}/provenance.json"
SHARD_MADE = f"{ALIGNED}/part-{{shard}}.provenance.json"
# An on-policy round: a student's answers, the teacher's distributions over them, both as training data.
ROUND = "results/starts/{round}"
SHARDS = [f"{shard:05d}" for shard in range(PARAMS.teacher.shards)]
STEPS = PARAMS.train.checkpoint_steps
DATASETS = list(PARAMS.data.datasets)
CHECKPOINT = "results/checkpoints/{student}/step-{step}"
SCORES = "results/scores/{student}/step-{step}"
PREDICTIONS = "results/predictions/{student}/step-{step}"
ALL = dict(student=STUDENTS, step=STEPS, tokenizer=TOKENIZERS, benchmark=DATASETS)
TRAIN_PROBLEMS = f"results/problems/{SEED}/train.jsonl"
COMPLETIONS = [f"results/completions/part-{shard}.parquet" for shard in SHARDS]
TEXTS = [f"results/problems/world/{name}.jsonl" for name in PARAMS.data.texts]
EVALUATION_PROBLEMS = [
    f"results/problems/{name}/{split}.jsonl"
    for name, dataset in PARAMS.data.datasets.items()
    for split in ("validation", "test", "exemplars")
    if split != "validation" or dataset.has_validation
]
SCORED_PROBLEMS = [
    path for path in EVALUATION_PROBLEMS if not path.endswith("exemplars.jsonl")
]


wildcard_constraints:
    student="[a-z0-9_-]+",
    start="[a-z0-9_-]+",
    round="[a-z0-9_-]+",
    tokenizer="[a-z0-9_-]+",
    shard=r"\d{5}",
    step=r"\d+",


def of_each_step(folder, ending):
    """A student's files, one for each checkpoint and benchmark."""
    return expand(
        f"{folder}/{{{{student}}}}/step-{{step}}/{{benchmark}}.{ending}",
        step=STEPS,
        benchmark=DATASETS,
    )


def texts_of(wildcards):
    """What a tokenizer is learned from, the texts of starts included; other tokenizers depend on no result."""
    learned = PARAMS.traces.tokenizers[wildcards.tokenizer].source == "learned"
    return ancient(["results/traces/traces.parquet", *TEXTS]) if learned else []


def made_before_tokenizer(wildcards):
    """The jobs that make `texts_of`."""
    return [TRACES_MADE, PROBLEMS_MADE] if texts_of(wildcards) else []


def begun_with(wildcards):
    """A student's tokenizer, its aligned traces and their coverage, its start, and the jobs that make them."""
    student = PARAMS.train.students[wildcards.student]
    name = student.tokenizer
    if student.start in ROUNDS:
        return begun_with_round(student.start, name)
    return {
        "tokenizer": ancient(expand(TOKENIZER, tokenizer=name)),
        "traces": ancient("results/traces/traces.parquet"),
        "aligned": ancient(
            expand(f"{ALIGNED}/part-{{shard}}.parquet", tokenizer=name, shard=SHARDS)
        ),
        "coverage": ancient(expand(f"{ALIGNED}/coverage.json", tokenizer=name)),
        "start": ancient(f"results/starts/{student.start}/manifest.json"),
        "before": [
            TRACES_MADE,
            *expand([TOKENIZER_MADE, ALIGNED_MADE], tokenizer=name),
            *expand(SHARD_MADE, tokenizer=name, shard=SHARDS),
            f"results/starts/{student.start}/provenance.json",
        ],
    }


def begun_with_round(name, tokenizer):
    """The same of a student that starts from a round: its traces are that round's."""
    folder = ROUND.format(round=name)
    first = PARAMS.train.first_start(ROUNDS[name].of)
    return {
        "tokenizer": ancient(expand(TOKENIZER, tokenizer=tokenizer)),
        "traces": ancient(f"{folder}/aligned/traces.parquet"),
        "aligned": ancient([f"{folder}/aligned/part-00000.parquet"]),
        "coverage": ancient([f"{folder}/aligned/coverage.json"]),
        "start": ancient(
            [last_checkpoint(ROUNDS[name].of), f"results/starts/{first}/manifest.json"]
        ),
        "before": [
            TRACES_MADE,
            *expand(TOKENIZER_MADE, tokenizer=tokenizer),
            f"{folder}/aligned/provenance.json",
            f"results/checkpoints/{ROUNDS[name].of}/provenance.json",
            f"results/starts/{first}/provenance.json",
        ],
    }


def last_checkpoint(student):
    """The manifest of a student's last checkpoint, which no score has chosen."""
    return f"results/checkpoints/{student}/step-{STEPS[-1]}/manifest.json"


def answering(wildcards):
    """The checkpoint that answers a round's questions."""
    return ancient(last_checkpoint(ROUNDS[wildcards.round].of))


def made_before_rollouts(wildcards):
    """The jobs that make that checkpoint, the questions, and the traces that say which of them are asked."""
    made = f"results/checkpoints/{ROUNDS[wildcards.round].of}/provenance.json"
    return [made, PROBLEMS_MADE, TRACES_MADE]


def tokenizer_of_round(wildcards):
    """The files of a round's tokenizer."""
    return ancient(expand(TOKENIZER, tokenizer=ROUNDS[wildcards.round].tokenizer))


def made_before_targets(wildcards):
    """The jobs that make a round's tokenizer, questions, answers and scores."""
    tokenizer = expand(TOKENIZER_MADE, tokenizer=ROUNDS[wildcards.round].tokenizer)
    made = [f"{ROUND}/{step}/provenance.json" for step in ("rollouts", "scored")]
    return [*tokenizer, PROBLEMS_MADE, *expand(made, round=wildcards.round)]


def pretrained_on(wildcards):
    """The text and the tokenizer; a start that is not pretrained depends on no result."""
    start = PARAMS.train.starts[wildcards.start]
    if not start.pretraining:
        return []
    text = f"results/problems/world/{start.pretraining.texts}"
    return ancient([text, *expand(TOKENIZER, tokenizer=start.tokenizer)])


def made_before_start(wildcards):
    """The jobs that make `pretrained_on`."""
    start = PARAMS.train.starts[wildcards.start]
    made = [PROBLEMS_MADE, *expand(TOKENIZER_MADE, tokenizer=start.tokenizer)]
    return made if start.pretraining else []
