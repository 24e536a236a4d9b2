"""A student's checkpoints on every benchmark, and the scores of what they wrote: files, resumption, bytes."""

import json
import shutil

import pyarrow.parquet as parquet
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

from specialize.core.errors import CheckpointError, RecordError
from specialize.core.files import sha256_file, write_json, write_records
from specialize.core.params.evaluate import EvaluateParams
from specialize.evaluate import predict as module
from specialize.evaluate.generate import DecodingLimits, generate, load_checkpoint
from specialize.evaluate.generate_predictions import GenerationPaths, predict_student
from specialize.evaluate.score_predictions import score_student
from specialize.lineage.recipe import recipe_digest
from specialize.records.checkpoints import CheckpointManifest
from specialize.records.problems import Problem
from specialize.records.prompt_style import PLAIN
from specialize.records.recipes import Recipe

PARAMS = EvaluateParams(
    formats=["zero_shot_chain_of_thought"],
    generic_formats=["answer_only"],
    batch_size=3,
    max_new_tokens=4,
    max_source_tokens=64,
)
RECIPE = Recipe(phase="evaluate", name="evaluate", params=PARAMS.model_dump(mode="json"), code="c", rules="r", files={})


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    raw = Tokenizer(models.BPE(unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=280, special_tokens=["<pad>", "</s>", "<unk>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    raw.train_from_iterator(["Q: What is 1 + 2?"], trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=8,
        d_kv=4,
        d_ff=8,
        num_layers=1,
        num_heads=2,
        decoder_start_token_id=0,
        dropout_rate=0.5,
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    files = {path.name: sha256_file(path) for path in folder.iterdir()}
    manifest = CheckpointManifest(
        student="s", step=7, parameters=1, recipe=RECIPE, recipe_sha256=recipe_digest(RECIPE), inputs={},
        start_commit=None, files=files, libraries={}, python="3", machine="x",
    )  # fmt: skip
    write_json(folder / "manifest.json", manifest.model_dump())
    return folder


@pytest.fixture
def problems(tmp_path):
    folder = tmp_path / "problems"
    for dataset in ("gsm8k", "svamp"):
        for split in ("validation", "test", "exemplars"):
            rows = [
                Problem(
                    id=f"{dataset}/{split}/{i}",
                    dataset=dataset,
                    question=f"What is {i} + {i}?",
                    answer=str(2 * i),
                    kind="number",
                )
                for i in range(5)
            ]
            write_records(folder / dataset / f"{split}.jsonl", rows)
    summary = {
        name: {"role": role, "splits": {"validation": 5, "test": 5, "exemplars": 5}}
        for name, role in (("gsm8k", "seed"), ("svamp", "out_of_distribution"))
    }
    write_json(folder / "index.json", {"seed": 1, "datasets": summary, "shared_questions": 0})
    return folder


def go(checkpoint, problems, folder, params=PARAMS, processes=1):
    predictions = folder / "predictions"
    paths = GenerationPaths([checkpoint / "manifest.json"], problems, folder / "work", predictions)
    predict_student(params, paths, processes)
    return digests(predictions)


def scored(problems, folder, params=PARAMS):
    score_student(params, sorted((folder / "predictions").rglob("*.parquet")), problems, folder / "scores")
    return digests(folder / "scores")


def digests(folder):
    return {path.relative_to(folder).as_posix(): sha256_file(path) for path in folder.rglob("*.*") if path.is_file()}


def test_scores_stand_beside_what_was_found_in_each_prediction(checkpoint, problems, tmp_path):
    assert set(go(checkpoint, problems, tmp_path)) == {"step-7/gsm8k.parquet", "step-7/svamp.parquet"}
    names = {f"step-7/{name}.{ending}" for name in ("gsm8k", "svamp") for ending in ("json", "parquet")}
    assert set(scored(problems, tmp_path)) == {"selected.json", *names}
    score = json.loads((tmp_path / "scores/step-7/gsm8k.json").read_text())
    assert (score["student"], score["step"], score["checkpoint"]) == ("s", 7, sha256_file(checkpoint / "manifest.json"))
    texts = parquet.read_table(tmp_path / "predictions/step-7/gsm8k.parquet").to_pylist()
    rows = parquet.read_table(tmp_path / "scores/step-7/gsm8k.parquet").to_pylist()
    assert [row["id"] for row in texts] == [row["id"] for row in rows]
    assert all(row["tokens"] == 4 and row["finish_reason"] == "length" for row in texts)
    for split in ("validation", "test"):
        for reading in ("strict", "flexible"):
            right = sum(dict(row["correct"])[reading] for row in rows if row["split"] == split)
            (found,) = (row for row in score["rows"] if (row["split"], row["reading"]) == (split, reading))
            assert (found["n"], found["correct"], found["sampled"]) == (5, right, None)


def test_a_run_cut_off_goes_on_with_the_next_benchmark(checkpoint, problems, tmp_path, monkeypatch):
    params = PARAMS.model_copy(update={"engine": "transformers"})
    whole = go(checkpoint, problems, tmp_path / "whole", params)
    calls = []

    def cut_off(*arguments, **keywords):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return generate(*arguments, **keywords)

    monkeypatch.setattr(module, "generate", cut_off)
    with pytest.raises(KeyboardInterrupt):
        go(checkpoint, problems, tmp_path / "cut", params)
    assert not (tmp_path / "cut" / "predictions").exists()
    assert go(checkpoint, problems, tmp_path / "cut", params) == whole
    assert len(calls) == 3, "the first benchmark is not decoded twice"
    monkeypatch.setattr(module, "load_checkpoint", lambda *arguments, **keywords: pytest.fail("loaded for nothing"))
    assert go(checkpoint, problems, tmp_path / "cut", params) == whole


@pytest.mark.parametrize("manifest", ["{}", "[]", "null", "7", '{"student": "../victim"}', "{", '"x"'])
def test_a_manifest_that_is_none_is_told(checkpoint, problems, tmp_path, manifest):
    folder = shutil.copytree(checkpoint, tmp_path / "damaged")
    (folder / "manifest.json").write_text(manifest)
    with pytest.raises(RecordError, match=r"manifest\.json"):
        go(folder, problems, tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"d_model": 10**6}, {"d_model": -1}, {"d_model": "x"}, {"d_kv": 0}, {"vocab_size": None},
        {"model_type": ["t5"]}, {"num_heads": 1e300}, {"dtype": "float99"}, None,
    ],
)  # fmt: skip
def test_a_config_of_another_shape_is_told(checkpoint, tmp_path, changes):
    folder = shutil.copytree(checkpoint, tmp_path / "damaged")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes if changes else [config]))
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(folder, PLAIN, threads=1)


def test_another_plan_is_generated_and_replaces_what_was_kept(checkpoint, problems, tmp_path):
    go(checkpoint, problems, tmp_path)
    kept = {path.name for path in (tmp_path / "work").iterdir()}
    go(checkpoint, problems, tmp_path, PARAMS.model_copy(update={"max_new_tokens": PARAMS.max_new_tokens + 1}))
    now = {path.name for path in (tmp_path / "work").iterdir()}
    assert len(now) == len(kept) == 4 and not now & kept, "two predictions, two verdicts on the engine"


def test_who_watches_sees_the_accuracies(checkpoint, problems, tmp_path, capsys):
    go(checkpoint, problems, tmp_path)
    scored(problems, tmp_path)
    score = json.loads((tmp_path / "scores/step-7/svamp.json").read_text())
    (row,) = (row for row in score["rows"] if (row["split"], row["reading"]) == ("validation", "flexible"))
    said = capsys.readouterr().err.splitlines()[-1]
    assert "s step 7: gsm8k " in said and f"svamp {100 * row['accuracy']:.1f} %" in said


def test_what_an_earlier_choice_left_goes(checkpoint, problems, tmp_path):
    for old in ("predictions/step-7/old.parquet", "predictions/step-3/gsm8k.parquet", "scores/step-7/old.json"):
        (tmp_path / old).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / old).write_text("{}")
    predictions = go(checkpoint, problems, tmp_path)
    assert set(predictions) == {"step-7/gsm8k.parquet", "step-7/svamp.parquet"}
    assert not [name for name in scored(problems, tmp_path) if "old" in name]


@pytest.mark.slow
def test_processes_side_by_side_write_the_same(checkpoint, problems, tmp_path):
    """Of one checkpoint there is one share; the others find their files in the work folder."""
    other = tmp_path / "other"
    shutil.copytree(checkpoint, other)
    manifest = json.loads((other / "manifest.json").read_text())
    write_json(other / "manifest.json", manifest | {"step": 9})
    made = []
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        manifests = [checkpoint / "manifest.json", other / "manifest.json"]
        predict_student(PARAMS, GenerationPaths(manifests, problems, folder / "work", folder / "out"), processes)
        made.append(digests(folder / "out"))
    assert made[0] == made[1] and len(made[0]) == 4


def test_samples_are_rows_of_their_own_and_scored_by_question(checkpoint, problems, tmp_path):
    params = PARAMS.model_copy(update={"samples": 3, "temperature": 1.0})
    go(checkpoint, problems, tmp_path, params)
    rows = parquet.read_table(tmp_path / "predictions/step-7/gsm8k.parquet").to_pylist()
    assert [row["sample"] for row in rows] == [0, 1, 2] * 10 and len({row["text"] for row in rows}) > 10
    scored(problems, tmp_path, params)
    score = json.loads((tmp_path / "scores/step-7/gsm8k.json").read_text())
    assert score["plan"]["decoding"] == "sampling" and score["plan"]["engine"] == "transformers"
    assert {row["sampled"]["samples"] for row in score["rows"]} == {3}
    assert {row["n"] for row in score["rows"]} == {5}


def test_a_file_that_holds_no_predictions_is_named(problems, tmp_path):
    path = tmp_path / "predictions" / "step-7" / "gsm8k.parquet"
    path.parent.mkdir(parents=True)
    path.write_text("no table")
    with pytest.raises(RecordError, match=str(path)):
        scored(problems, tmp_path)


def test_answers_come_in_the_order_of_the_prompts_whatever_the_batches(checkpoint):
    loaded = load_checkpoint(checkpoint, PLAIN, threads=1)
    assert not loaded.model.training, "no dropout when scoring"
    texts = [f"Q: {'long ' * (i % 4)}What is {i}?" for i in range(7)]
    alone = [generate(loaded, [text], DecodingLimits(1, 64, 4))[0][0] for text in texts]
    assert generate(loaded, texts, DecodingLimits(3, 64, 4))[0] == alone
    assert generate(loaded, texts, DecodingLimits(3, 5, 4))[1] == sum(loaded.count(text) > 5 for text in texts)


def test_a_folder_that_is_no_checkpoint_is_told(tmp_path):
    with pytest.raises(CheckpointError, match="cannot load"):
        load_checkpoint(tmp_path, PLAIN, threads=1)


def test_a_manifest_cannot_name_a_folder_elsewhere(checkpoint, problems, tmp_path):
    """The name becomes part of the work folder's path, and other folders of that name are removed."""
    other, victim = tmp_path / "other", tmp_path / "victim.step-7.x"
    shutil.copytree(checkpoint, other)
    victim.mkdir()
    manifest = json.loads((other / "manifest.json").read_text())
    write_json(other / "manifest.json", manifest | {"student": "../victim"})
    with pytest.raises(RecordError, match="student"):
        go(other, problems, tmp_path)
    assert victim.is_dir()


def test_other_weights_under_this_manifest_are_refused(checkpoint, problems, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(checkpoint, other)
    weights = other / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(CheckpointError, match="manifest"):
        go(other, problems, tmp_path)
