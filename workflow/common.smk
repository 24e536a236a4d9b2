"""What the files of rules share: the params, read once, and the recipes, which every rule takes as an input.

A rule passes paths and identities; every scientific choice reaches a step through its recipe. So Snakemake need look
neither at `params:` nor at rule text (profiles/default/config.yaml).
"""

import sys
from pathlib import Path

PROJECT = Path(workflow.basedir)
PROJECT = PROJECT.parent if PROJECT.name == "workflow" else PROJECT
sys.path.insert(0, str(PROJECT / "src"))

from specialize.core.errors import SpecializeError
from specialize.lineage.hooks import begin_run, open_project
from specialize.core.params.load import load_params
from specialize.lineage.write_recipes import raw_root
from specialize.lineage.run_lock import job_environment

shell.prefix(job_environment(PROJECT.resolve()))

if Path.cwd() != PROJECT.resolve():
    raise WorkflowError(f"run snakemake in the project's folder: {PROJECT.resolve()}")
# Snakemake reads this file again for each file of rules; what follows is done once.
if "PARAMS" not in globals():
    try:
        if workflow.is_main_process:
            PARAMS = open_project(
                PROJECT, lambda: workflow.executor_plugin and not workflow.dryrun
            )
        else:  # a job's own Snakemake, on a cluster: everything is ready
            PARAMS = load_params(PROJECT / "params.yaml")
    except SpecializeError as error:
        raise WorkflowError(str(error)) from None


onstart:
    begin_run(PROJECT, PARAMS)
    if PARAMS.teacher.paid:
        shell("python workflow/check_starts.py")
        # Before Snakemake removes completions that a pull brought.
        shell("python -m specialize.teacher cache refill")


onsuccess:
    shell("python workflow/record_in_dvc.py")


onerror:
    # What was finished before the error is as good as ever.
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
SHARDS = [f"{shard:05d}" for shard in range(PARAMS.teacher.shards)]
STEPS = PARAMS.train.checkpoint_steps
DATASETS = list(PARAMS.data.datasets)
RECIPES = "results/recipes"
TRAIN_PROBLEMS = f"results/problems/{SEED}/train.jsonl"
COMPLETIONS = [f"results/completions/part-{shard}.parquet" for shard in SHARDS]
TEXTS = [f"results/problems/world/{name}.jsonl" for name in PARAMS.data.texts]
EVALUATION_PROBLEMS = [
    f"results/problems/{name}/{split}.jsonl"
    for name, dataset in PARAMS.data.datasets.items()
    for split in ("validation", "test", "exemplars")
    if split != "validation" or dataset.validation
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


def begun_with(wildcards):
    """A student's tokenizer, the traces in its tokens, what is written when all of these are there, and its start."""
    student = PARAMS.train.students[wildcards.student]
    name = student.tokenizer
    return {
        "tokenizer": expand(TOKENIZER, tokenizer=name),
        "aligned": expand(
            f"{ALIGNED}/part-{{shard}}.parquet", tokenizer=name, shard=SHARDS
        ),
        "coverage": expand(f"{ALIGNED}/coverage.json", tokenizer=name),
        "start": f"results/starts/{student.start}/manifest.json",
    }


def pretrained_on(wildcards):
    """The text, and the tokenizer; a start that is not pretrained hangs on no result."""
    start = PARAMS.train.starts[wildcards.start]
    if not start.pretraining:
        return []
    text = f"results/problems/world/{start.pretraining.texts}"
    return [text, *expand(TOKENIZER, tokenizer=start.tokenizer)]
