"""One student's training as a whole: checkpoints, resumption, bytes."""

import csv
import dataclasses
import json
import os
import shutil
import signal

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

from hub_stub import hub
from specialize.core.errors import CheckpointError, RecordError, SpecializeError, StoppedError, TrainingError
from specialize.core.files import sha256_file
from specialize.core.locks import exclusive
from specialize.core.params.train import Architecture, DistributionParams, LoraParams
from specialize.core.params.training.starts import StartParams
from specialize.train import finetune as module
from specialize.train.callbacks.training_log import training_csv
from specialize.train.finetune import finetune
from specialize.train.model import check_start, check_tokenizer, load_model, on_hub, random_start
from specialize.train.optimizers import check_optimizer
from specialize.train.resume import drop_damaged_exports, last_complete_checkpoint, record_digests

MATCHED = {"loss": "distribution", "distribution": DistributionParams(temperature=1.5, sample_weight=0.2)}
CAUSAL = {"architecture": Architecture(family="llama", d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)}

LORA = {"lora": LoraParams(rank=2, alpha=4, dropout=0.1)}


def go(run, recipe_of, files, folder):
    finetune(run, recipe_of(run), files, folder / "work", folder / "out", threads=1)
    return folder / "out"


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): sha256_file(path) for path in sorted(folder.rglob("*")) if path.is_file()
    }


@pytest.mark.parametrize(("changes", "auto"), [({}, AutoModelForSeq2SeqLM), (CAUSAL, AutoModelForCausalLM)])
def test_checkpoints_load_with_plain_transformers(make_run, recipe_of, files, tmp_path, changes, auto):
    out = go(make_run(**changes), recipe_of, files, tmp_path)
    assert sorted(path.name for path in out.iterdir()) == ["step-0", "step-3", "step-6", "training.csv"]
    for step in (0, 3, 6):
        folder = out / f"step-{step}"
        model, tokenizer = auto.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
        batch = tokenizer(["Q: Tom has 3 apples\nLet's think step by step"], return_tensors="pt")
        assert model.generate(input_ids=batch["input_ids"], max_new_tokens=5).shape[0] == 1
        manifest = json.loads((folder / "manifest.json").read_text())
        assert manifest["step"] == step and manifest["parameters"] == model.num_parameters()
        for name, digest in manifest["files"].items():
            assert sha256_file(folder / name) == digest
        config = json.loads((folder / "tokenizer_config.json").read_text())
        assert "local_files_only" not in config, "it says whether HF_HUB_OFFLINE was set"
        assert not list(folder.glob("*.bin")) and (folder / "README.md").is_file()
    rows = list(csv.DictReader((out / "training.csv").open()))
    assert rows and all(float(row["loss"]) > 0 for row in rows)
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["nano.lock"], "no state is left after success"


def test_same_recipe_same_bytes(make_run, recipe_of, files, tmp_path):
    assert digests(go(make_run(), recipe_of, files, tmp_path / "a")) == digests(
        go(make_run(), recipe_of, files, tmp_path / "b")
    )
    other = digests(go(make_run(seed=2), recipe_of, files, tmp_path / "c"))
    assert other["step-0/model.safetensors"] != digests(tmp_path / "a" / "out")["step-0/model.safetensors"]


@pytest.mark.parametrize(
    ("every", "cut_at", "objective"),
    [
        (3, 5, MATCHED),
        (3, 5, CAUSAL | LORA),
        pytest.param(15, 17, {}, marks=pytest.mark.slow),
        pytest.param(3, 4, MATCHED | CAUSAL | {"optimizer": "adafactor"}, marks=pytest.mark.slow),
    ],
)
def test_a_run_cut_off_goes_on_and_ends_in_the_same_bytes(
    make_run, recipe_of, soft_files, tmp_path, monkeypatch, every, cut_at, objective
):
    run, files = make_run(steps=2 * every, checkpoint_every=every, **objective), soft_files
    whole = digests(go(run, recipe_of, files, tmp_path / "whole"))
    steps = []
    original = module._Exporter.on_step_end

    def cut_off(self, args, state, control, **kwargs):
        steps.append(state.global_step)
        original(self, args, state, control, **kwargs)
        if len(steps) == cut_at:  # dropout is on: the random state must be restored as well
            raise KeyboardInterrupt

    monkeypatch.setattr(module._Exporter, "on_step_end", cut_off)
    with pytest.raises(KeyboardInterrupt):
        go(run, recipe_of, files, tmp_path / "cut")
    assert not (tmp_path / "cut" / "out").exists(), "nothing unfinished takes its place"
    assert digests(go(run, recipe_of, files, tmp_path / "cut")) == whole
    expected = [*range(1, cut_at + 1), *range(every + 1, 2 * every + 1)]
    assert steps == expected, "it went on from the first checkpoint"


def saved_state(work, step):
    """A state as the Trainer saves it, in small."""
    folder = work / f"checkpoint-{step}"
    folder.mkdir()
    for name in ("model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json"):
        (folder / name).write_text(f"{name} {step}")
    return folder


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.pt", "rng_state.pth", "trainer_state.json"])
@pytest.mark.parametrize("damage", ["truncated", "missing", "of another run", "unfinished"])
def test_a_damaged_state_is_passed_over_with_a_word(tmp_path, capsys, name, damage):
    for step in (3, 12):
        record_digests(saved_state(tmp_path, step))
    file = tmp_path / "checkpoint-12" / name
    if damage == "truncated":
        file.write_text(file.read_text()[:3])
    elif damage == "missing":
        file.unlink()
    elif damage == "of another run":
        shutil.copy(tmp_path / "checkpoint-3" / name, file)
    else:
        (tmp_path / "checkpoint-12" / "digests.json").unlink()
    assert last_complete_checkpoint(tmp_path) == tmp_path / "checkpoint-3"
    said = capsys.readouterr().err
    assert "checkpoint-12" in said and ("not saved to the end" if damage == "unfinished" else name) in said


@pytest.mark.parametrize("damage", ["truncated", "missing", "no manifest", "manifest {}", "manifest []"])
def test_a_damaged_finished_checkpoint_is_made_again(tmp_path, capsys, damage):
    for step in (3, 6, 9):
        saved_state(tmp_path, step)
        folder = tmp_path / "finished" / f"step-{step}"
        folder.mkdir(parents=True)
        (folder / "model.safetensors").write_text(f"weights {step}")
        recipe = {"phase": "train", "name": "n", "params": {}, "code": "", "rules": "", "files": {}}
        manifest = {
            "student": "nano", "step": step, "parameters": 1, "recipe": recipe, "recipe_sha256": "", "inputs": {},
            "start_commit": None, "libraries": {}, "python": "3", "machine": "x",
            "files": {"model.safetensors": sha256_file(folder / "model.safetensors")},
        }  # fmt: skip
        (folder / "manifest.json").write_text(json.dumps(manifest))
    damaged = tmp_path / "finished" / "step-6"
    if damage in ("truncated", "missing"):
        weights = damaged / "model.safetensors"
        weights.write_text("w") if damage == "truncated" else weights.unlink()
    elif damage == "no manifest":
        (damaged / "manifest.json").unlink()
    else:
        (damaged / "manifest.json").write_text(damage[-2:])
    drop_damaged_exports(tmp_path, tmp_path / "finished")
    assert sorted(path.name for path in (tmp_path / "finished").iterdir()) == ["step-3", "step-9"]
    assert [path.name for path in tmp_path.glob("checkpoint-*")] == ["checkpoint-3"], "it is made again from here"
    assert "step-6" in capsys.readouterr().err


def test_a_run_that_a_scheduler_ends_saves_its_state_and_goes_on_in_the_same_bytes(
    make_run, recipe_of, soft_files, tmp_path, monkeypatch
):
    run = make_run(steps=20, checkpoint_every=20, **MATCHED)
    whole = digests(go(run, recipe_of, soft_files, tmp_path / "whole"))
    original = module._Exporter.on_step_end

    def at_seven(self, args, state, control, **kwargs):
        original(self, args, state, control, **kwargs)
        if state.global_step == 7:
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patched:
        patched.setattr(module._Exporter, "on_step_end", at_seven)
        with pytest.raises(StoppedError, match="update 10: stopped by SIGTERM"):
            go(run, recipe_of, soft_files, tmp_path)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert [path.name for path in tmp_path.glob("work/*/checkpoint-*")] == ["checkpoint-10"]
    assert digests(go(run, recipe_of, soft_files, tmp_path)) == whole


def test_state_of_another_recipe_is_not_resumed(make_run, recipe_of, files, tmp_path):
    stale = tmp_path / "work" / "nano.0123456789abcdef"
    (stale / "checkpoint-3").mkdir(parents=True)
    go(make_run(), recipe_of, files, tmp_path)
    assert not stale.exists()


def test_checkpoints_of_an_earlier_schedule_go(make_run, recipe_of, files, tmp_path):
    go(make_run(), recipe_of, files, tmp_path)
    out = go(make_run(checkpoint_every=2), recipe_of, files, tmp_path)
    assert sorted(path.name for path in out.glob("step-*")) == ["step-0", "step-2", "step-4", "step-6"]


@pytest.mark.parametrize(("changes", "auto"), [({}, AutoModelForSeq2SeqLM), (CAUSAL, AutoModelForCausalLM)])
def test_a_folder_serves_as_start(make_run, recipe_of, files, tmp_path, changes, auto):
    first = go(make_run(**changes), recipe_of, files, tmp_path / "first")
    run = make_run(start=str(first / "step-6"), architecture=None)
    second = go(run, recipe_of, files, tmp_path / "second")
    a, b = (auto.from_pretrained(path).state_dict() for path in (first / "step-6", second / "step-0"))
    assert all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize(("changes", "auto"), [({}, AutoModelForSeq2SeqLM), (CAUSAL, AutoModelForCausalLM)])
def test_an_adapter_is_kept_beside_the_weights_that_it_is_merged_into(
    make_run, recipe_of, files, tmp_path, changes, auto
):
    start = go(make_run(**changes), recipe_of, files, tmp_path / "first") / "step-6"
    files = dataclasses.replace(files, root=start.parent)
    run = make_run(start="step-6", architecture=None, learning_rate=0.05, **LORA)
    out = go(run, recipe_of, files, tmp_path / "second")
    base = auto.from_pretrained(start)
    adapted = PeftModel.from_pretrained(auto.from_pretrained(start), out / "step-6" / "adapter").merge_and_unload()
    first, last = (auto.from_pretrained(out / f"step-{step}").state_dict() for step in (0, 6))
    moved = [name for name, weight in base.state_dict().items() if not torch.equal(last[name], weight)]
    assert moved and all("norm" not in name and "embed" not in name and "shared" not in name for name in moved)
    for name, weight in adapted.state_dict().items():
        assert torch.equal(last[name], weight)
        torch.testing.assert_close(first[name], base.state_dict()[name])
    manifest = json.loads((out / "step-6" / "manifest.json").read_text())
    assert manifest["parameters"] == base.num_parameters()
    assert f"{base.num_parameters():,} parameters" in (out / "step-6" / "README.md").read_text()
    assert {"adapter/adapter_model.safetensors", "adapter/adapter_config.json"} <= manifest["files"].keys()
    config = json.loads((out / "step-6" / "adapter" / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "step-6" and config["target_modules"] == sorted(
        config["target_modules"]
    )


def test_layers_that_the_model_lacks_are_named(make_run, recipe_of, files, tmp_path):
    with pytest.raises(CheckpointError, match=r"nano\.lora\.targets: .*q_proj"):
        go(make_run(lora=LoraParams(targets=["q_proj"])), recipe_of, files, tmp_path)


def test_a_tokenizer_of_the_same_size_that_is_not_the_starts_is_refused(
    make_run, recipe_of, files, tokenizer, tmp_path
):
    start = go(make_run(), recipe_of, files, tmp_path / "first") / "step-6"
    text = (start / "tokenizer.json").read_text()
    vocabulary = tokenizer.get_vocab()
    swapped = text.replace('"x":', '"@@":').replace('"y":', '"x":').replace('"@@":', '"y":')
    assert swapped != text and {"x", "y"} <= vocabulary.keys()
    (start / "tokenizer.json").write_text(swapped)
    with pytest.raises(CheckpointError, match=r"not that of the start .* token 'x' has id \d+, the start has \d+"):
        go(make_run(start=str(start), architecture=None), recipe_of, files, tmp_path / "second")


def weights_changed(folder, change):
    """Change the weights in a model folder: `change` gets one of them."""
    model = AutoModelForSeq2SeqLM.from_pretrained(folder)
    with torch.no_grad():
        change(model.shared.weight)
    model.save_pretrained(folder)


def test_a_start_with_one_weight_that_is_nan_is_refused(make_run, recipe_of, files, tmp_path):
    start = go(make_run(), recipe_of, files, tmp_path / "first") / "step-6"
    weights_changed(start, lambda weight: weight[3, 2].fill_(torch.nan))
    with pytest.raises(TrainingError, match=r"nano\.start: 1 of \d+ numbers of the weight 'shared.weight'"):
        go(make_run(start=str(start), architecture=None), recipe_of, files, tmp_path / "second")
    assert not (tmp_path / "second" / "out").exists()


def test_a_run_that_diverges_stops_and_keeps_its_last_good_state(make_run, recipe_of, files, tmp_path, monkeypatch):
    run = make_run(steps=90, checkpoint_every=30)
    original, steps = module.StudentTrainer.compute_loss, []

    def diverging(self, model, *arguments, **options):
        steps.append(self.state.global_step)
        loss = original(self, model, *arguments, **options)
        return loss * torch.nan if self.state.global_step >= 33 else loss

    monkeypatch.setattr(module.StudentTrainer, "compute_loss", diverging)
    with pytest.raises(TrainingError, match=r"nano update 40: .* not finite.*learning_rate"):
        go(run, recipe_of, files, tmp_path)
    assert steps[-1] == 39, "within ten updates"
    assert not (tmp_path / "out").exists()
    (work,) = (tmp_path / "work").glob("nano.*/")
    assert last_complete_checkpoint(work) == work / "checkpoint-30"


def test_pickled_weights_are_refused(make_run, recipe_of, files, tmp_path):
    start = go(make_run(), recipe_of, files, tmp_path / "first") / "step-6"
    torch.save(AutoModelForSeq2SeqLM.from_pretrained(start).state_dict(), start / "pytorch_model.bin")
    (start / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"Pickled weights .* are not loaded") as error:
        go(make_run(start=str(start), architecture=None), recipe_of, files, tmp_path / "second")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("source", "vocabulary", "words"),
    [
        ("first", "first", None),
        (
            "first",
            "learned",
            r"given\.tokenizer: 'words' is learned from the traces, and .* has a vocabulary of its own",
        ),
        ("first", "no/such-tokenizer", r"given\.tokenizer: cannot load 'no/such-tokenizer'"),
        ("no/such-model", "first", r"given\.source: cannot look up 'no/such-model'"),
    ],
)
def test_starts_are_judged_before_a_teacher_is_paid(make_run, recipe_of, files, tmp_path, source, vocabulary, words):
    (go(make_run(steps=3), recipe_of, files, tmp_path / "made") / "step-3").rename(tmp_path / "first")
    start = StartParams(source=source, tokenizer="words")
    if words is None:
        assert check_start(start, (vocabulary, None), tmp_path, "train.starts.given") == "encoder_decoder"
        return
    with pytest.raises(CheckpointError, match=words):
        check_start(start, (vocabulary, None), tmp_path, "train.starts.given")


def test_a_model_of_another_kind_is_refused_with_the_list(make_run, recipe_of, files, tmp_path):
    start = go(make_run(), recipe_of, files, tmp_path / "first") / "step-6"
    config = json.loads((start / "config.json").read_text())
    (start / "config.json").write_text(json.dumps(config | {"model_type": "bert"}))
    with pytest.raises(CheckpointError, match=r"model type 'bert' cannot be a student.*t5gemma2.*causal: .*qwen3"):
        go(make_run(start=str(start), architecture=None), recipe_of, files, tmp_path / "second")


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        (dict(start="no/such-model", architecture=None), CheckpointError, "no/such-model"),
        (dict(max_source_tokens=16), SpecializeError, "no batch"),
    ],
)
def test_mistakes_are_told(make_run, recipe_of, files, tmp_path, changes, error, words):
    with pytest.raises(error, match=words):
        go(make_run(**changes), recipe_of, files, tmp_path)


@pytest.mark.parametrize("changes", [{}, CAUSAL], ids=["t5", "llama"])
def test_learning_happens(make_run, recipe_of, files, tmp_path, changes):
    run = make_run(
        steps=120, checkpoint_every=120, dropout=0.0, learning_rate=1e-2, embedding_learning_rate=3e-2, **changes
    )
    rows = list(csv.DictReader((go(run, recipe_of, files, tmp_path) / "training.csv").open()))
    assert float(rows[-1]["loss"]) < 0.5 * float(rows[0]["loss"])


def test_two_trainings_of_one_student_do_not_meet(make_run, recipe_of, files, tmp_path):
    with exclusive(tmp_path / "work" / "nano.lock"), pytest.raises(SpecializeError, match="another process"):
        go(make_run(), recipe_of, files, tmp_path)
    go(make_run(), recipe_of, files, tmp_path)


def test_a_folder_of_the_project_is_no_start(make_run, recipe_of, files, tmp_path, monkeypatch):
    """Its contents would be in no recipe."""
    go(make_run(), recipe_of, files, tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match="no recipe holds its contents"):
        elsewhere = dataclasses.replace(files, root=tmp_path / "second")
        go(make_run(start="out/step-6", architecture=None), recipe_of, elsewhere, tmp_path / "second")


def test_a_damaged_traces_file_is_told(make_run, recipe_of, files, tmp_path):
    files.traces.write_bytes(b"PAR1 no more")
    with pytest.raises(RecordError, match="Parquet"):
        go(make_run(), recipe_of, files, tmp_path)


def test_a_kill_between_the_last_update_and_the_end_loses_nothing(make_run, recipe_of, files, tmp_path, monkeypatch):
    whole = digests(go(make_run(), recipe_of, files, tmp_path / "whole"))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(module, "publish", lambda *arguments: (_ for _ in ()).throw(KeyboardInterrupt))
        go(make_run(), recipe_of, files, tmp_path / "cut")
    assert digests(go(make_run(), recipe_of, files, tmp_path / "cut")) == whole


def test_both_losses_are_logged_whichever_is_learned(make_run, recipe_of, files, soft_files, tmp_path):
    for name, given, objective in (("a", soft_files, {}), ("b", soft_files, MATCHED), ("c", files, {})):
        out = go(make_run(**objective), recipe_of, given, tmp_path / name)
        rows = list(csv.DictReader((out / "training.csv").open()))
        assert all(float(row["sample_nll"]) > 0 for row in rows)
        known = [row for row in rows if float(row["soft_share"])]
        assert bool(known) == (given is soft_files)
        for row in rows:
            assert bool(row["teacher_kl"]) == bool(row["target_entropy"]) == (row in known)
        by_format = [name for name in rows[0] if name.startswith("loss_")]
        assert len(by_format) == 4 and all(any(row[name] for row in rows) for name in by_format)


def test_distributions_that_nobody_recorded_are_asked_for_in_vain(make_run, recipe_of, files, tmp_path):
    with pytest.raises(SpecializeError, match=r"needs the teacher's log-probabilities.*loss: sample"):
        go(make_run(**MATCHED), recipe_of, files, tmp_path)


def test_a_shape_that_no_memory_here_holds_is_refused_before_it_is_drawn(tokenizer):
    shape = Architecture(d_model=65_536, d_kv=128, d_ff=262_144, num_layers=8, num_heads=512)
    with pytest.raises(CheckpointError, match=r"about [0-9,]+ weights takes [0-9,]+ GB to train, and this machine has"):
        random_start(shape, tokenizer, seed=1, dropout=0.0)


def test_a_long_run_keeps_its_step_numbers():
    row = {"step": 1234567, "loss": 1.0, "grad_norm": 1.0, "learning_rate": 1e-5, "sample_nll": 2.0}
    assert training_csv([row]).splitlines()[1] == "1234567,1,1,1e-05,2,,,,,,,"


@pytest.mark.parametrize("changes", [{}, CAUSAL | MATCHED, CAUSAL | LORA], ids=["t5", "llama", "lora"])
def test_activations_that_are_computed_again_give_the_same_bytes(make_run, recipe_of, soft_files, tmp_path, changes):
    """Dropout is on: its random state is restored for the second forward pass."""
    run = make_run(steps=3, checkpoint_every=3, gradient_accumulation_steps=2, **changes)
    kept = digests(go(run, recipe_of, soft_files, tmp_path / "kept"))
    again = dataclasses.replace(soft_files, gradient_checkpointing=True)
    calls, original = [], torch.utils.checkpoint.checkpoint
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("transformers.modeling_utils.checkpoint", lambda *a, **k: calls.append(1) or original(*a, **k))
        assert digests(go(run, recipe_of, again, tmp_path / "again")) == kept
    assert calls, "nothing was computed again"


def test_an_optimizer_in_8_bits_says_where_it_cannot_run(make_run, recipe_of, files, tmp_path):
    run = make_run(optimizer="adamw_8bit")
    with pytest.raises(SpecializeError, match=r"needs a GPU, and training runs on cpu.*adafactor"):
        go(run, recipe_of, files, tmp_path)
    with pytest.raises(SpecializeError, match=r"train\.optimizer: .*pip install bitsandbytes"):
        check_optimizer(run, "train")
    check_optimizer(make_run(), "train")


def test_the_hub_tells_the_commit_to_pin_and_the_size(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    with hub("", {"org/small": ("abc123", 596_049_920)}) as (url, _):
        monkeypatch.setenv("HF_ENDPOINT", url)
        assert on_hub(StartParams(source="org/small", tokenizer="words")) == ("abc123", 596_049_920)
        assert on_hub(StartParams(source="org/gone", tokenizer="words")) == (None, 0)


def test_what_is_loaded_is_the_pinned_revision_without_remote_code(monkeypatch, tmp_path, tokenizer):
    asked = []

    def from_pretrained(name, **options):
        asked.append((name, options["revision"], options["trust_remote_code"]))
        raise OSError("far enough")

    for auto in ("AutoConfig", "AutoTokenizer"):
        monkeypatch.setattr(f"specialize.train.model.{auto}.from_pretrained", from_pretrained)
    with pytest.raises(CheckpointError, match="far enough"):
        load_model("org/small", "abc123", 0.0, "train.students.nano.start")
    check_tokenizer(tokenizer, "org/small", "abc123", "train.students.nano")
    assert asked == [("org/small", "abc123", False)] * 2
