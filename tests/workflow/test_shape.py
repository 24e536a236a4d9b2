"""The workflow's files: one vocabulary, short rule files, clean lints."""

import re

import pytest
from ruamel.yaml import YAML
from workspaces import BIN, PROJECT, Workspace

from specialize.lineage.write_recipes import PHASES

STAGES = YAML(typ="safe").load(PROJECT / "dvc.yaml")["stages"]
ROUNDS = {"rollouts": "evaluate", "score": "teacher", "align-rollouts": "traces"}
"""Stages of an on-policy round → their phases."""


def test_a_phase_is_section_package_rule_file_stage_and_test_folder():
    assert tuple(STAGES) == (
        "only-what-was-built-is-recorded",
        "recipes",
        *PHASES[:3],
        "align",
        "start",
        "train",
        *ROUNDS,
        "generate",
        *PHASES[4:],
    )
    for phase in PHASES:
        assert (PROJECT / "src" / "specialize" / phase / "__main__.py").is_file()
        assert (PROJECT / "tests" / "unit" / phase).is_dir()
    assert {path.stem for path in (PROJECT / "workflow").glob("*.smk")} == {*PHASES, "common", "names"}


@pytest.mark.parametrize("phase", PHASES)
def test_rule_files(phase):
    text = (PROJECT / "workflow" / f"{phase}.smk").read_text()
    assert text.count("\n") < 115
    assert text.startswith('"""') and "\nIn:  " in text and "\nOut: " in text
    rules = re.split(r"^ *rule ", text, flags=re.MULTILINE)[1:]
    assert rules[0].startswith(f"{phase}:"), "the first rule is what the stage builds"
    for rule in rules[1:]:
        for part in (
            "log:",
            "shell:",
            "recipe=",
            "provenance=",
            "--recipe {input.recipe:q}",
            f"-m specialize.{phase} ",
        ):
            assert part in rule, f"{phase}.smk: {part} is missing in rule {rule.split(':')[0]}"
        assert not re.search(r"\brun:|\bscript:|\bmessage:|\blambda\b", rule)


@pytest.mark.parametrize("name", [*PHASES, "align", "start", "generate", *ROUNDS])
def test_a_stage_runs_its_own_rule_file_and_hangs_on_its_recipe(name):
    phase = {"align": "traces", "start": "train", "generate": "evaluate", **ROUNDS}.get(name, name)
    stage = STAGES[name].get("do", STAGES[name])
    whole = f"snakemake --snakefile workflow/{phase}.smk --cores all"
    assert stage["cmd"].startswith((whole, f"python workflow/run_stage.py {phase}.smk results/"))
    of_its_own = {
        "train": "train/${key}",
        "align": "traces/${key}",
        "start": "train/starts/${key}",
        "generate": "evaluate/generate",
        **{stage: f"{phase}/rounds/${{key}}" for stage, phase in ROUNDS.items()},
    }
    assert f"results/recipes/{of_its_own.get(name, phase)}.json" in stage["deps"]
    assert not [dep for dep in stage["deps"] if not dep.startswith("results/")], "code comes in through the recipe"
    for out in stage["outs"]:
        assert isinstance(out, str), "no persist, no cache: false: DVC's run cache needs plain outputs"


def test_the_shipped_profile_is_used():
    assert "profile profiles/default" in Workspace(PROJECT).snakemake("--list-rules").text


def test_lint_is_silent_but_for_the_environment_of_rules():
    lints = Workspace(PROJECT).snakemake("--lint", status=None).text
    told = set(re.findall(r"^    \* (.+?):?$", lints, re.MULTILINE))
    assert told == {"Specify a conda environment or container for each rule."}


def test_the_picture_of_the_rules_is_of_these_rules():
    """`make docs` draws it from `snakemake --rulegraph`."""
    drawn = set(re.findall(r"\bid\d+\[(\w+)\]", (PROJECT / "docs" / "reference" / "rules.md").read_text()))
    texts = [path.read_text() for path in (PROJECT / "Snakefile", *sorted((PROJECT / "workflow").glob("*.smk")))]
    rules = {name for text in texts for name in re.findall(r"^ *rule (\w+):", text, re.MULTILINE)}
    assert drawn and drawn <= rules, "run `make docs`"


def test_the_rule_files_are_formatted():
    Workspace(PROJECT).run(str(BIN / "snakefmt"), "--check", "Snakefile", "workflow")


def test_a_mistake_in_params_is_told_in_plain_words(workspace):
    workspace.edit("params.yaml", "  steps: 4\n", "  steps: -4\n  learning_rat: 1\n")
    said = workspace.snakemake("-n", status=1)
    assert "2 mistakes" in said.text and "train.steps" in said.text and "train.learning_rat" in said.text
    assert "Traceback" not in said.text
