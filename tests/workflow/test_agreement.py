"""Snakemake, DVC and Git in agreement: the rows T1–T15 of docs/explanation/agreement.md, with the real tools."""

import shutil
import subprocess
import sys

import pytest
from ruamel.yaml import YAML
from workspaces import BIN, LEARNING_RATE, Workspace, fresh

from specialize.lineage.provenance import all_provenance

TRAINING = {"train@nano", "generate@nano", "evaluate@nano", "report"}
TRAINING_JOBS = {"train_student": 1, "generate_predictions": 1, "score_predictions": 1, "build_report": 1}
TRACES = tuple(
    f"results/traces/{name}"
    for name in ("contamination.json", "exemplars.jsonl", "funnel.json", "provenance.json", "traces.parquet")
)
"""The files of the filters alone."""


def pulled_clone(workspace: Workspace, folder) -> Workspace:
    """git clone + dvc pull, through a remote in a local folder."""
    remote = folder / "remote"
    workspace.dvc("remote", "add", "--force", "--default", "store", str(remote))
    workspace.commit()
    workspace.dvc("push", "--quiet")
    workspace.run("git", "clone", "--quiet", str(workspace.folder), str(folder / "clone"))
    clone = Workspace(folder / "clone")
    clone.dvc("pull", "--quiet")
    return clone


def test_t1_after_snakemake_dvc_has_nothing_to_do(workspace, built):
    with workspace.recorded() as jobs:
        assert "up to date" in workspace.dvc("status").text
        assert workspace.dvc("repro").stages == []
        assert workspace.snakemake().nothing_to_do
    assert not jobs
    assert workspace.digests() == built.digests()


def test_t1_a_partial_build_records_what_it_built_and_nothing_else(built, tmp_path):
    workspace = fresh(tmp_path / "project")
    with workspace.recorded() as jobs:
        workspace.snakemake("results/traces/traces.parquet")
    assert jobs["filter_completions"] == 1 and not jobs.keys() & TRAINING_JOBS.keys()
    made = ("results/problems", "results/completions", *TRACES)
    assert workspace.digests(*made) == built.digests(*made)
    status = workspace.dvc("status", status=None).text
    for stage in ("recipes", "data", "teacher", "traces"):
        assert f"{stage}:" not in status
    lock = YAML(typ="safe").load(workspace.folder / "dvc.lock")
    assert set(lock["stages"]) == {"recipes", "data", "teacher", "traces"}


def test_a_job_vouches_for_every_input_that_its_rule_names(built):
    """Of an input that it does not know, nobody would notice that it changed; and the job that made it comes before."""
    found, _ = all_provenance(built.folder / "results")
    jobs = {path.relative_to(built.folder).as_posix(): one for path, one in found.items()}
    producer = {name: path for path, one in jobs.items() for name in one.outputs}
    records = built.records()
    assert {record["rule"] for record in records.values()} >= {"train_student", "make_start", "sum_coverage"}
    for name, record in records.items():
        job = name if name in jobs else producer[name]
        recipe, *others = sorted(record["input"], key=lambda path: not path.startswith(".snakemake/recipes/"))
        assert jobs[job].recipe == f"results/recipes/{recipe.split('/', 3)[3]}"
        made = {path for path in others if path not in jobs}
        assert made == set(jobs[job].inputs), record["rule"]
        assert {path for path in others if path in jobs} == {producer[path] for path in made}, record["rule"]


def test_t2_and_t3_dvc_repro_runs_what_changed_and_snakemake_agrees(workspace, changed):
    workspace.edit("params.yaml", *LEARNING_RATE)
    with workspace.recorded() as jobs:
        assert set(workspace.dvc("repro").stages) == {"recipes", *TRAINING}
    assert jobs == TRAINING_JOBS
    assert workspace.digests() == changed.digests()
    assert workspace.snakemake("-n").nothing_to_do
    assert "up to date" in workspace.dvc("status").text


def test_t4_and_t5_a_pulled_clone_is_complete_and_follows_a_change(workspace, changed, tmp_path):
    clone = pulled_clone(workspace, tmp_path)
    assert clone.snakemake("-n").nothing_to_do
    assert clone.digests() == workspace.digests()
    clone.edit("params.yaml", *LEARNING_RATE)
    with clone.recorded() as jobs:
        clone.snakemake()
    assert jobs == TRAINING_JOBS
    assert clone.digests() == changed.digests()


@pytest.mark.slow
def test_t5_an_unmarked_change_in_a_clone_is_seen(workspace, tmp_path):
    """The recipe is new in Git, the results that DVC pulls are old, and all time stamps are of today."""
    workspace.edit("params.yaml", *LEARNING_RATE)
    workspace.run("env", "PYTHONPATH=src", sys.executable, "-m", "specialize", "recipes")
    clone = pulled_clone(workspace, tmp_path)
    assert "train_student" in clone.snakemake("-n").rules


@pytest.mark.slow
def test_t6_the_same_with_dvc_repro(workspace, changed, tmp_path):
    clone = pulled_clone(workspace, tmp_path)
    clone.edit("params.yaml", *LEARNING_RATE)
    with clone.recorded() as jobs:
        assert set(clone.dvc("repro").stages) == {"recipes", *TRAINING}
    assert jobs == TRAINING_JOBS
    assert clone.digests() == changed.digests()


@pytest.mark.parametrize("where", [(), ("--temp",)], ids=["workspace", "temp"])
def test_t7_an_experiment_carries_what_its_params_make(workspace, changed, where):
    workspace.commit()
    ran = workspace.dvc("exp", "run", *where, "--name", "slower", "--set-param", "train.learning_rate=4e-3")
    assert set(ran.stages) == {"recipes", *TRAINING}
    assert workspace.experiment("slower") == changed.locked()
    shown = workspace.dvc("exp", "show", "--csv").text
    assert "slower" in shown and "0.004" in shown
    metrics = workspace.git("show", f"{workspace.experiment_ref('slower')}:results/metrics.json").text
    assert metrics == (changed.folder / "results" / "metrics.json").read_text()


@pytest.mark.slow
def test_t8_an_earlier_value_comes_from_the_cache(workspace, built, changed):
    """Whichever tool had built it: the first value Snakemake, the second DVC."""
    target = "results/checkpoints/nano"
    workspace.edit("params.yaml", *LEARNING_RATE)
    assert "train_student" in workspace.dvc("repro", "train@nano").rules
    for change, truth in ((reversed(LEARNING_RATE), built), (LEARNING_RATE, changed)):
        workspace.edit("params.yaml", *change)
        ran = workspace.dvc("repro", "train@nano")
        assert "train_student" not in ran.rules and "cached" in ran.text
        assert workspace.digests(target) == truth.digests(target)
        assert workspace.snakemake("-n", f"{target}/training.csv").nothing_to_do


@pytest.mark.slow
def test_t9_switching_branches_and_back(workspace, built, changed):
    workspace.commit()
    workspace.git("switch", "--quiet", "--create", "other")
    workspace.edit("params.yaml", *LEARNING_RATE)
    workspace.snakemake()
    workspace.commit()
    for branch, expected in (("main", built), ("other", changed), ("main", built)):
        workspace.git("switch", "--quiet", branch)
        assert not workspace.snakemake("-n").nothing_to_do, "recipes of one branch, results of the other"
        workspace.dvc("checkout", "--quiet")
        assert workspace.snakemake("-n").nothing_to_do
        assert workspace.digests() == expected.digests()
        assert "up to date" in workspace.dvc("status").text


@pytest.mark.slow
def test_t9_a_change_back_after_a_restore_is_not_hidden_by_old_records(workspace):
    """Snakemake's own records still say that the first recipe made these outputs; they have been restored since."""
    workspace.commit()
    workspace.git("switch", "--quiet", "--create", "other")
    workspace.edit("params.yaml", *LEARNING_RATE)
    workspace.snakemake()
    workspace.commit()
    workspace.git("switch", "--quiet", "main")
    workspace.dvc("checkout", "--quiet")
    workspace.git("switch", "--quiet", "other")
    workspace.dvc("checkout", "--quiet")
    workspace.edit("params.yaml", *reversed(LEARNING_RATE))
    assert "train_student" in workspace.snakemake("-n").rules


def test_t10_a_comment_or_docstring_reruns_nothing(workspace, built):
    workspace.edit("src/specialize/core/answers.py", '"""The one judge', '"""Here is the one judge')
    workspace.edit(
        "src/specialize/traces/filter/steps.py", "@dataclass(frozen=True)", "# a thought\n@dataclass(frozen=True)"
    )
    workspace.edit("workflow/train.smk", "rule train_student:", "# a thought\nrule train_student:")
    assert workspace.snakemake("-n").nothing_to_do
    assert set(workspace.dvc("repro").stages) <= {"recipes"}
    assert "up to date" in workspace.dvc("status").text
    assert workspace.digests() == built.digests()


@pytest.mark.slow
def test_t11_code_of_a_phase_reruns_it_and_what_follows(workspace, built, tmp_path):
    change = ("src/specialize/traces/filter/contamination.py", "SHORTEST = 3", "SHORTEST = 4")
    workspace.edit(*change)
    rules = set(workspace.snakemake("-n").rules)
    assert "filter_completions" in rules and "train_student" in rules and "build_report" in rules
    assert not rules & {"build_problems", "sample_completions"}
    with workspace.recorded() as jobs:
        stages = set(workspace.dvc("repro").stages)
    assert "traces" in stages and not stages & {"data", "teacher"}
    assert jobs["filter_completions"] == jobs["align_traces"] == jobs["train_student"] == 1
    assert not jobs.keys() & {"build_problems", "sample_completions"}
    scratch = fresh(tmp_path / "scratch")
    scratch.edit(*change)
    scratch.snakemake("results/traces/traces.parquet")
    assert workspace.digests(*TRACES) == scratch.digests(*TRACES)
    assert workspace.digests(*TRACES) != built.digests(*TRACES)


def test_t11_a_changed_scorer_judges_again_and_generates_nothing(workspace, built):
    workspace.edit("src/specialize/evaluate/scorers.py", "_SHORT = 40", "_SHORT = 39")
    with workspace.recorded() as jobs:
        assert set(workspace.dvc("repro").stages) == {"recipes", "evaluate@nano", "report"}
    assert jobs == {"score_predictions": 1, "build_report": 1}
    workspace.edit("params.yaml", "  max_new_tokens: 8\n", "  max_new_tokens: 8\n  confidence: 0.9\n")
    assert set(workspace.snakemake("-n").rules) == {"score_predictions", "build_report", "all"}
    assert workspace.digests("results/predictions") == built.digests("results/predictions")


@pytest.mark.slow
def test_t12_students_do_not_disturb_each_other(workspace, built):
    before = built.digests("results/checkpoints/nano", "results/scores/nano", "results/predictions/nano")
    text = (workspace.folder / "params.yaml").read_text()
    start = text.index("    nano:\n")
    second = text[start : text.index("\nevaluate:")].replace("nano:", "pico:").rstrip()
    (workspace.folder / "params.yaml").write_text(text[:start] + second + "\n" + text[start:])
    with workspace.recorded() as jobs:
        ran = workspace.snakemake()
    assert jobs["train_student"] == 1 and "train_student nano" not in ran.text
    workspace.edit("params.yaml", "    pico:\n", "    pico:\n      seed: 5\n")
    assert set(workspace.dvc("repro", "train@pico").stages) == {"recipes", "train@pico"}
    assert "nano:" not in workspace.dvc("status", status=None).text
    assert workspace.digests("results/checkpoints/nano", "results/scores/nano", "results/predictions/nano") == before


@pytest.mark.slow
def test_t12_a_student_that_is_renamed_leaves_nothing_in_dvcs_view(workspace, tmp_path):
    workspace.edit("params.yaml", "    nano:", "    pico:")
    workspace.snakemake()
    assert not (workspace.folder / "results" / "checkpoints" / "nano").exists()
    clone = pulled_clone(workspace, tmp_path)
    assert "up to date" in clone.dvc("status").text
    workspace.edit("params.yaml", "    pico:", "    nano:")
    assert "train_student" not in workspace.snakemake("-n").rules, "what was set aside comes back"


@pytest.mark.slow
def test_params_edited_while_a_run_goes_on_are_not_vouched_for(workspace):
    workspace.edit("params.yaml", *LEARNING_RATE)
    process = subprocess.Popen(
        [BIN / "snakemake", "--cores", "2", "results/checkpoints/nano/training.csv"],
        cwd=workspace.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = []
    for line in process.stdout:
        said.append(line)
        if " updates of " in line:
            workspace.edit("params.yaml", LEARNING_RATE[1], "  learning_rate: 3.0e-3")
    assert process.wait() == 0
    assert "DVC has recorded nothing" in "".join(said)
    assert "train@nano" in workspace.dvc("status", status=None).text
    assert "train_student" in workspace.snakemake("-n").rules


def test_t14_looking_changes_nothing(workspace, built):
    state = _state(workspace)
    assert workspace.snakemake("-n").nothing_to_do
    workspace.dvc("status")
    assert _state(workspace) == state
    workspace.edit("params.yaml", *LEARNING_RATE)
    assert "train_student" in workspace.snakemake("-n").rules
    assert "train_student" in workspace.snakemake("-n").rules, "a second look says the same"
    workspace.snakemake("--rulegraph")
    workspace.dvc("status")
    assert workspace.digests() == built.digests()
    workspace.edit("params.yaml", *reversed(LEARNING_RATE))
    assert workspace.snakemake("-n").nothing_to_do
    assert workspace.dvc("repro").stages == []


def test_t15_without_git_and_dvc(workspace, tmp_path, changed):
    for name in (".git", ".dvc", "dvc.lock"):
        path = workspace.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert workspace.snakemake("-n").nothing_to_do
    workspace.edit("params.yaml", *LEARNING_RATE)
    workspace.snakemake()
    assert workspace.digests() == changed.digests()


@pytest.mark.slow
def test_a_result_that_somebody_edited_is_made_again(workspace, built):
    workspace.edit("results/scores/nano/step-4/world.json", '"accuracy": 0.0', '"accuracy": 0.9')
    workspace.snakemake()
    assert workspace.digests() == built.digests()


def _state(workspace: Workspace) -> dict[str, tuple[int, str]]:
    digests = workspace.digests()
    return {name: ((workspace.folder / name).stat().st_mtime_ns, digest) for name, digest in digests.items()}
