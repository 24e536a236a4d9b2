"""What the rule files share: the params, read once, and the recipes, which every rule takes as an input.

A rule passes paths and identities; every scientific choice reaches a step through its recipe. So Snakemake need
not compare `params:` or rule text (profiles/default/config.yaml). Staleness is decided by content and passed to Snakemake
as the times of recipes and provenance files (specialize.lineage.staleness). So the inputs of a rule are its recipe,
`before`: the provenance of the jobs that it builds upon, and its data, which are `ancient`: their times do not count.
"""

import os
import sys
from pathlib import Path

PROJECT = Path(workflow.basedir)
PROJECT = PROJECT.parent if PROJECT.name == "workflow" else PROJECT
sys.path.insert(0, str(PROJECT / "src"))

from specialize.core.errors import SpecializeError
from specialize.core.machine.gpus import visible_gpus
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
    # A job that uses a model has a GPU of its own where this machine has any; on a cluster the profile says how many.
    GPUS = len(visible_gpus())
    if GPUS and "gpu" not in workflow.resource_settings.resources:
        workflow.register_resource("gpu", GPUS)
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
        shell("python workflow/check_starts.py")
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


include: "names.smk"
