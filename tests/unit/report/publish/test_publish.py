"""The published folder: it loads, its snippet answers as scoring reads, its numbers are those of these weights."""

import json
import os
import re
import stat

import pytest
import torch
from huggingface_hub import ModelCard
from peft import PeftModel
from scored_student import student_tokenizer
from transformers import AutoModelForCausalLM

from hub_stub import hub
from specialize.__main__ import main
from specialize.core.params.train import LoraParams
from specialize.core.usage_snippet import QUESTION
from specialize.evaluate.generate import DecodingLimits, generate, load_checkpoint
from specialize.records.prompt_style import PLAIN, PromptStyle
from tiny_models import tiny_model

PROMPT = f"Q: {QUESTION}\nLet's think step by step"
CHAT = PromptStyle(style="chat", system="Be brief.", thinking=False)


def publish(checkpoint, output, *options: str) -> int:
    return main(
        ["publish", "--checkpoint", str(checkpoint), "--output", str(output), "--license", "apache-2.0", *options]
    )


def said_by(folder, capsys, monkeypatch) -> str:
    """Run the card's code as a reader would."""
    (code,) = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    monkeypatch.chdir(folder)
    capsys.readouterr()
    exec(code, {})
    return capsys.readouterr().out.removesuffix("\n").strip()


@pytest.mark.parametrize(
    ("model_type", "style"), [("t5", PLAIN), ("t5gemma2", PLAIN), ("llama", PLAIN), ("qwen3", CHAT)]
)
def test_the_folder_answers_as_scoring_reads(make_scored, tmp_path, model_type, style, capsys, monkeypatch):
    checkpoint, folder = make_scored(model_type, style), tmp_path / "published"
    old = os.umask(0o077)
    try:
        assert publish(checkpoint, folder, "--dataset", "openai/gsm8k") == 0
    finally:
        os.umask(old)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()} == {0o644}
    assert {"model.safetensors", "config.json", "tokenizer.json", "generation_config.json"} <= {
        p.name for p in folder.iterdir()
    }
    (answer,), _ = generate(load_checkpoint(checkpoint, style, threads=1), [PROMPT], DecodingLimits(1, 200, 8))
    assert said_by(folder, capsys, monkeypatch) == answer.text and answer.text
    config = json.loads((folder / "generation_config.json").read_text())
    assert config["do_sample"] is False and config["max_new_tokens"] == 8 and config["eos_token_id"] == [1]
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert publish(checkpoint, folder, "--dataset", "openai/gsm8k") == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first


def test_the_card_shows_gain_and_price_and_the_hub_can_read_it(make_scored, tmp_path):
    checkpoint, folder = make_scored("llama"), tmp_path / "published"
    assert publish(checkpoint, folder, "--dataset", "openai/gsm8k", "--base-model", "meta-llama/Llama-3.2-1B") == 0
    card = ModelCard.load(folder / "README.md")
    data = card.data.to_dict()
    assert (
        data["license"] == "apache-2.0"
        and data["datasets"] == ["openai/gsm8k"]
        and data["pipeline_tag"] == "text-generation"
    )
    assert data["base_model"] == "meta-llama/Llama-3.2-1B" and data["base_model_relation"] == "finetune"
    assert {(r.dataset_name, r.metric_value) for r in card.data.eval_results} == {
        ("world", 60.0),
        ("world_generic", 20.0),
    }
    lines = card.text.splitlines()
    assert (
        "| trained on | world | zero shot chain of thought | strict | 20 | 10.0 (0.0–20.0) | 60.0 (50.0–70.0) |"
        in lines
    )
    assert "| price | world_generic | answer only | exact | 20 | 50.0 (40.0–60.0) | 20.0 (10.0–30.0) |" in lines
    assert "- teacher: `codex` (2 traces), `gemini` (1 traces)" in lines
    manifest = json.loads((folder / "manifest.json").read_text())
    assert f"sha256 `{manifest['recipe_sha256']}`" in card.text


def test_an_encoder_decoder_names_no_pipeline(make_scored, tmp_path):
    assert publish(make_scored("t5"), tmp_path / "published") == 0
    assert "pipeline_tag" not in (tmp_path / "published" / "README.md").read_text()


def test_an_adapter_is_published_merged_or_alone(make_scored, tmp_path, capsys, monkeypatch):
    base = tmp_path / "base"
    tiny_model("llama", len(student_tokenizer())).save_pretrained(base)
    checkpoint = make_scored("llama", lora=LoraParams(rank=2, alpha=4), start=str(base))
    assert publish(checkpoint, tmp_path / "merged") == 0
    merged, alone = tmp_path / "merged", tmp_path / "alone"
    assert not [path for path in merged.rglob("*") if "adapter" in path.name]
    assert publish(checkpoint, alone, "--weights", "adapter") == 2
    assert "an adapter needs its base model" in capsys.readouterr().err
    assert publish(checkpoint, alone, "--weights", "adapter", "--base-model", str(base)) == 0
    assert not (alone / "model.safetensors").exists()
    whole = AutoModelForCausalLM.from_pretrained(merged).state_dict()
    adapted = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), alone).merge_and_unload()
    assert all(torch.equal(weight, whole[name]) for name, weight in adapted.state_dict().items())
    data = ModelCard.load(alone / "README.md").data
    assert data.library_name == "peft" and data.base_model_relation == "adapter"
    assert said_by(alone, capsys, monkeypatch) == said_by(merged, capsys, monkeypatch)


def test_a_checkpoint_without_adapter_has_none_to_publish(make_scored, tmp_path, capsys):
    assert publish(make_scored("llama"), tmp_path / "out", "--weights", "adapter") == 2
    assert "trained without LoRA" in capsys.readouterr().err and not (tmp_path / "out").exists()


@pytest.mark.parametrize("damage", ["no scores", "scores of other weights", "other weights", "another start"])
def test_numbers_of_other_weights_are_never_published(make_scored, tmp_path, capsys, damage):
    checkpoint = make_scored("t5")
    scores = checkpoint.parents[2] / "scores" / "nano"
    if damage == "no scores":
        for path in (scores / "step-4").iterdir():
            path.unlink()
    elif damage == "scores of other weights":
        (scores / "step-4" / "world.json").write_text((scores / "step-0" / "world.json").read_text())
    elif damage == "other weights":
        weights = checkpoint / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1] + b"\x07")
    else:
        manifest = checkpoint.parent / "step-0" / "manifest.json"
        manifest.write_text(manifest.read_text().replace('"recipe_sha256": "', '"recipe_sha256": "0'))
    assert publish(checkpoint, tmp_path / "out") == 2
    expected = {"no scores": "no scores", "scores of other weights": "other weights", "other weights": "not the file"}
    assert expected.get(damage, "another recipe") in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_of_other_things_is_left_alone(make_scored, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years")
    assert publish(make_scored("t5"), tmp_path / "mine") == 2
    assert "expected no such folder" in capsys.readouterr().err and (tmp_path / "mine" / "thesis.tex").is_file()


def test_it_is_uploaded_whole_and_the_token_is_never_shown(make_scored, tmp_path, monkeypatch, capsys):
    checkpoint, folder = make_scored("llama"), tmp_path / "out"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    with hub(token="hf_secret") as (url, received):
        monkeypatch.setenv("HF_ENDPOINT", url)
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        assert publish(checkpoint, folder, "--name", "me/nano", "--upload") == 0
        said = "".join(capsys.readouterr())
        assert f"{url}/me/nano/commit/abc" in said and "hf_secret" not in said
        assert received == {path.name: path.read_bytes() for path in folder.iterdir()}
        assert 'from_pretrained("me/nano")' in (folder / "README.md").read_text()
        monkeypatch.setenv("HF_TOKEN", "hf_wrong")
        assert publish(checkpoint, folder, "--name", "me/nano", "--upload") == 2
        said = capsys.readouterr().err
        assert "the Hub did not take" in said and "hf_wrong" not in said and said.count("\n") == 1


def test_without_a_token_nothing_is_sent(make_scored, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("specialize.report.publish.hub_folder.get_token", lambda: None)
    assert publish(make_scored("t5"), tmp_path / "out", "--name", "me/nano", "--upload") == 2
    assert "set HF_TOKEN" in capsys.readouterr().err and (tmp_path / "out" / "model.safetensors").is_file()
    assert publish(tmp_path / "nowhere", tmp_path / "out", "--upload") == 2
