"""The start checkpoint of a student: random weights, or a model that transformers loads."""

import os
from dataclasses import replace
from pathlib import Path

import torch
from huggingface_hub import HfApi, list_repo_files
from transformers import AutoConfig, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase, set_seed

from specialize.core.encoding import Encoding, check_style, id_count
from specialize.core.errors import CheckpointError
from specialize.core.machine.library_errors import loading
from specialize.core.model_families import PICKLE_ADVICE, Family, check_model_folder, family_of
from specialize.core.params.train import StudentRun
from specialize.core.params.training.starts import Architecture, StartParams
from specialize.records.prompt_style import PLAIN, PromptStyle
from specialize.train.families.family import FAMILIES, Student

BYTES_PER_WEIGHT = 16
"""A weight, its gradient and AdamW's two moments, in fp32."""
VOCABULARY_MULTIPLE = 128
"""A model drawn at random has a multiple of so many embeddings, as T5 has (32,100 tokens, 32,128 embeddings)."""


def load_start(run: StudentRun, root: Path, tokenizer_folder: Path, pretrained: Path) -> Student:
    """Return the model that training begins with (fp32), its tokenizer and its family.

    root: folder of raw files; pretrained: folder of the start where this run made it. Another `start` is a folder below
    `root` (or an absolute path) where there is one, else a Hugging Face id. Raises CheckpointError where model or
    tokenizer cannot be loaded, or do not belong together.
    """
    where = f"train.students.{run.student}"
    tokenizer = load_tokenizer(tokenizer_folder)
    check_style(tokenizer, run.prompts, f"{where}.prompts")
    if not run.pretrained and run.start == "scratch":
        assert run.architecture is not None  # the params model asks for it with `scratch`
        student = random_start(run.architecture, tokenizer, run.seed, run.dropout, style=run.prompts)
    else:
        student = _load_given(run, root, tokenizer, pretrained, where)
    if run.lora is None:
        return student
    from specialize.train.lora import add_adapter

    return replace(student, model=add_adapter(student.model, run))


def _load_given(
    run: StudentRun, root: Path, tokenizer: PreTrainedTokenizerBase, pretrained: Path, where: str
) -> Student:
    set_seed(run.seed)
    name = str(pretrained) if run.pretrained else locate(run.start, root)
    model, family = load_model(name, run.revision, run.dropout, f"{where}.start")
    student = Student(model, Encoding(tokenizer, family, run.prompts))
    if id_count(tokenizer) > student.embeddings:
        raise CheckpointError(
            f"{where}: the tokenizer has {id_count(tokenizer)} tokens, "
            f"the start checkpoint {student.embeddings} embeddings; use its own tokenizer"
        )
    if not run.pretrained:
        check_tokenizer(tokenizer, name, run.revision, where)
    return student


def random_start(
    architecture: Architecture,
    tokenizer: PreTrainedTokenizerBase,
    seed: int,
    dropout: float,
    spare_rows: int = 0,
    style: PromptStyle = PLAIN,
) -> Student:
    """Return a model with random weights; its embedding has `spare_rows` rows or more besides the tokens'.

    Raises CheckpointError where this machine's memory cannot hold it.
    """
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if BYTES_PER_WEIGHT * architecture.weights > memory:
        raise CheckpointError(
            f"train.starts: an architecture of about {architecture.weights:,} weights takes "
            f"{BYTES_PER_WEIGHT * architecture.weights / 1e9:,.0f} GB to train, and this machine has "
            f"{memory / 1e9:,.0f} GB: choose a smaller d_model, d_ff or num_layers, or a larger machine"
        )
    set_seed(seed)
    family = family_of(architecture.family, "train.starts: architecture.family")
    embeddings = -(-(id_count(tokenizer) + spare_rows) // VOCABULARY_MULTIPLE) * VOCABULARY_MULTIPLE
    model = FAMILIES[family].draw(architecture, tokenizer, dropout, embeddings)
    return Student(model, Encoding(tokenizer, family, style))


def load_model(name: str, revision: str | None, dropout: float, where: str) -> tuple[PreTrainedModel, Family]:
    """Load a model in fp32 with its own config but for the dropout. No remote code, no pickled weights."""
    with loading(f"{where}: cannot load '{name}'", _advice):
        config = AutoConfig.from_pretrained(name, revision=revision, trust_remote_code=False)
        family = family_of(config.model_type, where)
        FAMILIES[family].set_dropout(config, dropout)
        model = FAMILIES[family].auto_class.from_pretrained(
            name,
            config=config,
            revision=revision,
            dtype=torch.float32,
            trust_remote_code=False,
            use_safetensors=True,
        )
    return model, family


def check_tokenizer(tokenizer: PreTrainedTokenizerBase, name: str, revision: str | None, where: str) -> None:
    """Raise CheckpointError unless the tokenizer has the vocabulary of the start's own. A start that comes without a
    tokenizer is not checked. Vocabularies of one size may differ: weights would then be read as other tokens'."""
    with loading(f"{where}: cannot load the tokenizer of the start '{name}'"):
        try:
            own = AutoTokenizer.from_pretrained(name, revision=revision, trust_remote_code=False)
        except (OSError, ValueError):
            return
    expected, found = own.get_vocab(), tokenizer.get_vocab()
    if expected != found:
        token = min(expected.keys() ^ found.keys() or {t for t in expected if expected[t] != found[t]})
        raise CheckpointError(
            f"{where}: its tokenizer is not that of the start '{name}': token {token!r} has id {found.get(token)}, "
            f"the start has {expected.get(token)}. Name the start's own as traces.tokenizers.*.source"
        )


def check_start(start: StartParams, tokenizer: tuple[str, str | None], root: Path, where: str) -> Family:
    """Return the family of a start that others made, from its config, file names and tokenizer alone.

    tokenizer: source and revision of the tokenizer that params give it. Raises CheckpointError where the start is of no
    known family, has no safetensors, or the tokenizer is another one.
    """
    name = locate(start.source, root)
    if Path(name).is_dir():
        family = check_model_folder(Path(name), f"{where}.source")
    else:
        with loading(f"{where}.source: cannot look up '{name}'"):
            config = AutoConfig.from_pretrained(name, revision=start.revision, trust_remote_code=False)
            files = list_repo_files(name, revision=start.revision)
        family = family_of(config.model_type, f"{where}.source")
        if not any(file.endswith(".safetensors") for file in files):
            raise CheckpointError(f"{where}.source: '{name}' has no *.safetensors. {PICKLE_ADVICE}")
    source, revision = tokenizer
    if source == "learned":
        raise CheckpointError(
            f"{where}.tokenizer: '{start.tokenizer}' is learned from the traces, and '{name}' has a vocabulary of its "
            "own: name it as traces.tokenizers.*.source"
        )
    with loading(f"{where}.tokenizer: cannot load '{source}'"):
        given = AutoTokenizer.from_pretrained(locate(source, root), revision=revision, trust_remote_code=False)
    check_tokenizer(given, name, start.revision, where)
    return family


def on_hub(start: StartParams) -> tuple[str | None, int]:
    """Return the commit of a start on the Hub (None: it does not answer) and the weights in its safetensors (0: it does
    not say)."""
    try:
        api = HfApi(endpoint=os.environ.get("HF_ENDPOINT"))
        found = api.model_info(start.source, revision=start.revision)
    except (OSError, ValueError):
        return None, 0
    return found.sha, found.safetensors.total if found.safetensors else 0


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Load a tokenizer that the traces phase wrote. Raises CheckpointError where it cannot be loaded."""
    with loading(f"cannot load the tokenizer '{folder}'"):
        tokenizer = AutoTokenizer.from_pretrained(str(folder), trust_remote_code=False)
    if tokenizer.pad_token_id is None:  # Llama, GPT-2: padding is masked, so any token will do
        tokenizer.pad_token = tokenizer.eos_token
    # Training pads on the right, whatever the start's tokenizer is set to; generation sets its own side.
    tokenizer.padding_side = "right"
    return tokenizer


def locate(name: str, root: Path) -> str:
    """Return the folder of a start below `root` where there is one, else the name: an absolute path or a hub id."""
    folder = root / name
    if not folder.is_dir() and Path(name).is_dir():
        raise CheckpointError(
            f"'{name}': a folder of the project cannot be a start checkpoint, since no recipe holds its contents; "
            "copy it below data.root, or give its absolute path"
        )
    return str(folder) if folder.is_dir() else name


def _advice(reason: str) -> str:
    return PICKLE_ADVICE if "safetensors" in reason else "Give a folder that transformers wrote, or a model's id"
