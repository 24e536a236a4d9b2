"""What the files of rules share: the params, read once, and the recipes, which every rule takes as an input.

A rule passes paths and identities; every scientific choice reaches a step through its recipe. So Snakemake need look
neither at `params:` nor at rule text (profiles/default/config.yaml). What is stale is judged by content; Snakemake is
told by the times of recipes and provenance files (specialize.lineage.staleness). So the inputs of a rule are its recipe,
`before`: the provenance of the jobs that it builds upon, and its data, which are `ancient`: their times do not count.
"""

import os
import sys
from pathlib import Path

PROJECT = Path(workflow.basedir)
PROJECT = PROJECT.parent if PROJECT.name == "workflow" else PROJECT
sys.path.insert(0, str(PROJECT / "src"))

from specialize.core.errors import SpecializeError
from specialize.lineage.hooks import (
    begin_run,
    end_run,
    in_stage,
    keep_built,
    open_project,
)
from specialize.lineage.recipe_snapshot import VARIABLE, take_snapshot
from specialize.core.params.load import load_params
from specialize.lineage.write_recipes import raw_root, recipe_texts
from specialize.lineage.run_lock import job_environment

if Path.cwd() != PROJECT.resolve():
    raise WorkflowError(f"run snakemake in the project's folder: {PROJECT.resolve()}")
if config:
    raise WorkflowError(
        f"--config {' '.join(config)}: parameters are in params.yaml; to try a value: dvc exp run -S section.key=value"
    )
# Snakemake reads this file again for each file of rules; what follows is done once.
if "PARAMS" not in globals():
    try:
        if workflow.is_main_process:
            RUN = open_project(
                PROJECT, lambda: workflow.executor_plugin and not workflow.dryrun
            )
            PARAMS, RECIPES = RUN.params, RUN.recipes
        else:  # a job's own Snakemake, on a cluster: everything is ready
            PARAMS = load_params(PROJECT / "params.yaml")
            RECIPES = os.environ.get(VARIABLE) or take_snapshot(
                PROJECT, recipe_texts(PARAMS, PROJECT)
            )
    except SpecializeError as error:
        raise WorkflowError(str(error)) from None
    os.environ[VARIABLE] = RECIPES
    shell.prefix(job_environment(PROJECT.resolve()))


onstart:
    # Its checksums would hide that a recipe has changed back (profiles/default/config.yaml switches them off).
    if workflow.dag_settings.max_checksum_file_size > 1:
        raise WorkflowError(
            "run with the project's own profile: leave out --workflow-profile, --max-checksum-file-size"
        )
    jobs = list(workflow.dag.jobs)
    made = {str(file) for job in jobs for file in job.output}
    try:
        begin_run(RUN, {str(file) for job in jobs for file in job.input} - made)
    except SpecializeError as error:
        raise WorkflowError(str(error)) from None
    if PARAMS.teacher.paid:
        # Before Snakemake removes completions that a pull brought.
        shell("python -m specialize.teacher cache refill")


onsuccess:
    try:
        end_run(RUN)
    except SpecializeError as error:
        raise WorkflowError(str(error)) from None
    if not in_stage():
        shell("python workflow/record_in_dvc.py")


onerror:
    # What was finished before the error is as good as ever.
    if in_stage():
        keep_built(RUN)
    else:
        shell("python workflow/record_in_dvc.py")


ROOT = raw_root(PARAMS, PROJECT)
SEED = PARAMS.data.seed_dataset
STUDENTS = list(PARAMS.train.students)
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
SHARDS = [f"{shard:05d}" for shard in range(PARAMS.teacher.shards)]
STEPS = PARAMS.train.checkpoint_steps
DATASETS = list(PARAMS.data.datasets)
TRAIN_PROBLEMS = f"results/problems/{SEED}/train.jsonl"
COMPLETIONS = [f"results/completions/part-{shard}.parquet" for shard in SHARDS]
TEXTS = [f"results/problems/world/{name}.jsonl" for name in PARAMS.data.texts]
EVALUATION_PROBLEMS = [
    f"results/problems/{name}/{split}.jsonl"
    for name, dataset in PARAMS.data.datasets.items()
    for split in ("validation", "test", "exemplars")
    if split != "validation" or dataset.has_validation
]


wildcard_constraints:
    student="[a-z0-9_-]+",
    start="[a-z0-9_-]+",
    tokenizer="[a-z0-9_-]+",
    shard=r"\d{5}",
    step=r"\d+",


def texts_of(wildcards):
    """What a tokenizer is learned from, the texts of starts among it; others hang on no result."""
    learned = PARAMS.traces.tokenizers[wildcards.tokenizer].source == "learned"
    return ["results/traces/traces.parquet", *TEXTS] if learned else []


def made_before_tokenizer(wildcards):
    """The jobs behind `texts_of`."""
    return [TRACES_MADE, PROBLEMS_MADE] if texts_of(wildcards) else []


def begun_with(wildcards):
    """A student's tokenizer, the traces in its tokens, what is written when all of these are there, and its start."""
    student = PARAMS.train.students[wildcards.student]
    name = student.tokenizer
    return {
        "tokenizer": ancient(expand(TOKENIZER, tokenizer=name)),
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


def pretrained_on(wildcards):
    """The text, and the tokenizer; a start that is not pretrained hangs on no result."""
    start = PARAMS.train.starts[wildcards.start]
    if not start.pretraining:
        return []
    text = f"results/problems/world/{start.pretraining.texts}"
    return [text, *expand(TOKENIZER, tokenizer=start.tokenizer)]


def made_before_start(wildcards):
    """The jobs behind `pretrained_on`."""
    start = PARAMS.train.starts[wildcards.start]
    made = [PROBLEMS_MADE, *expand(TOKENIZER_MADE, tokenizer=start.tokenizer)]
    return made if start.pretraining else []
