"""What the files of rules share: the params, read once, and the recipes, which every rule takes as an input.

A rule passes paths and identities; every scientific choice reaches a step through its recipe. So Snakemake need look
neither at `params:` nor at rule text (profiles/default/config.yaml).
"""

import atexit
import shlex
import sys
from pathlib import Path

PROJECT = Path(workflow.basedir)
PROJECT = PROJECT.parent if PROJECT.name == "workflow" else PROJECT
sys.path.insert(0, str(PROJECT / "src"))
# Jobs run this interpreter and this copy of the code, also where the environment is not activated or belongs to
# another copy of the project (dvc exp run --temp).
shell.prefix(
    f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH PYTHONPATH={shlex.quote(str(PROJECT / 'src'))}; "
)

from specialize.core.attic import set_aside
from specialize.core.errors import SpecializeError
from specialize.core.lending import keep_recipes
from specialize.core.opening import UNRECORDED, open_project, record_if_due
from specialize.core.params.tree import load_params
from specialize.core.recipe_writer import raw_root

if Path.cwd() != PROJECT.resolve():
    raise WorkflowError(
        f"run snakemake in the project's folder: cd {PROJECT.resolve()}"
    )
# All files of rules include this one, and Snakemake reads it each time: what follows is done once.
if "PARAMS" not in globals():
    try:
        if workflow.is_main_process:
            # Snakemake calls no hook where it finds nothing to do.
            atexit.register(
                record_if_due,
                PROJECT,
                lambda: workflow.executor_plugin and not workflow.dryrun,
            )
            PARAMS = open_project(PROJECT)
        else:  # a job's own Snakemake, on a cluster: everything is ready
            PARAMS = load_params(PROJECT / "params.yaml")
    except SpecializeError as error:
        raise WorkflowError(str(error)) from None


onstart:
    atexit.unregister(record_if_due)
    (PROJECT / UNRECORDED).touch()
    keep_recipes(PARAMS, PROJECT)
    set_aside(PROJECT, PARAMS.train.students)
    if PARAMS.teacher.paid:
        # Before Snakemake removes completions that a pull brought.
        shell("python -m specialize.teacher cache refill")


onsuccess:
    shell("python workflow/record.py")


onerror:
    # What was finished before the error is as good as ever.
    shell("python workflow/record.py")


ROOT = raw_root(PARAMS, PROJECT)
SEED = PARAMS.data.seed_dataset
STUDENTS = list(PARAMS.train.students)
TOKENIZERS = list(PARAMS.traces.tokenizers)
TOKENIZER_FILES = ["tokenizer.json", "tokenizer_config.json"]
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


def tokenizer_of(wildcards):
    return f"results/traces/tokenizers/{PARAMS.train.students[wildcards.student].tokenizer}"


def tokenizer_files(wildcards):
    return [f"{tokenizer_of(wildcards)}/{name}" for name in TOKENIZER_FILES]


def aligned_folder(wildcards):
    return (
        f"results/traces/aligned/{PARAMS.train.students[wildcards.student].tokenizer}"
    )


def aligned_parts(wildcards):
    folder = aligned_folder(wildcards)
    return [f"{folder}/part-{shard}.parquet" for shard in SHARDS]


# Written when all of the folder is there: DVC's stage hangs on the folder.
def aligned_coverage(wildcards):
    return f"{aligned_folder(wildcards)}/coverage.json"


def start_of(wildcards):
    return (
        f"results/starts/{PARAMS.train.students[wildcards.student].start}/manifest.json"
    )


def pretrained_on(wildcards):
    """The text, and the tokenizer; a start that is not pretrained hangs on no result."""
    start = PARAMS.train.starts[wildcards.start]
    if not start.pretraining:
        return []
    folder = f"results/traces/tokenizers/{start.tokenizer}"
    text = f"results/problems/world/{start.pretraining.texts}"
    return [text, *(f"{folder}/{name}" for name in TOKENIZER_FILES)]
