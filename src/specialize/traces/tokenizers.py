"""The students' tokenizers as artifacts: learned from text, or taken from a folder or the Hub.

A folder `results/traces/tokenizers/{name}/` loads with plain `AutoTokenizer.from_pretrained`.
"""

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow.parquet as pq
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from specialize.core.errors import CheckpointError, RecordError
from specialize.core.files import read_rows
from specialize.core.machine.library_errors import loading, reading_file
from specialize.core.params.traces import TokenizerParams

MARKS = ["<pad>", "</s>", "<unk>"]
"""T5's marks and ids: <pad> 0 (which also starts the decoder), </s> 1, <unk> 2."""
VOCABULARY = 512
NUMBER = Regex(r" ?\d{1,3}")
ROWS_AT_ONCE = 4096


def build_tokenizer(params: TokenizerParams, root: Path, texts: Sequence[Path]) -> PreTrainedTokenizerBase:
    """Return the tokenizer of `params`. root: folder of raw files; texts: what a learned one learns from.

    Raises CheckpointError where a named one cannot be loaded or is no fast tokenizer.
    """
    if params.source == "learned":
        return learn_tokenizer(training_texts(texts), params.vocabulary or VOCABULARY, params.whole_numbers)
    return load_tokenizer(_located(params.source, root), params.revision)


def load_tokenizer(name: str, revision: str | None = None) -> PreTrainedTokenizerBase:
    """Load a fast tokenizer from a folder or the Hub. Raises CheckpointError where that cannot be."""
    with loading(f"cannot load the tokenizer '{name}'"):
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision, trust_remote_code=False)
    if not tokenizer.is_fast or tokenizer.eos_token_id is None:
        raise CheckpointError(f"tokenizer '{name}': expected a fast tokenizer with an end mark (tokenizer.json)")
    return tokenizer


def save_tokenizer(tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write the tokenizer's folder; it takes the place of another in one step."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent) as temporary:
        made = Path(temporary) / "made"
        # Whether HF_HUB_OFFLINE was set: no part of a tokenizer, and bytes must not depend on it.
        tokenizer.init_kwargs.pop("local_files_only", None)
        tokenizer.save_pretrained(made)
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)


def training_texts(files: Iterable[Path]) -> Iterator[str]:
    """Yield the texts of Parquet or JSON Lines files, in order: of rows with a question, a rationale and an answer
    (traces, problems) prompt and target in one, of other rows their `text`."""
    for file in files:
        for where, row in _rows(file):
            if row.get("question"):
                rationale = f"{row['rationale']}\n" if row.get("rationale") else ""
                yield f"Q: {row['question']}\nLet's think step by step\nA: {rationale}The answer is {row['answer']}"
            elif isinstance(text := row.get("text"), str):
                yield text
            else:
                raise RecordError(where, "text", "a 'text', or a 'question' with its 'answer'", sorted(row))


def learn_tokenizer(texts: Iterable[str], vocabulary: int, whole_numbers: int = 0) -> PreTrainedTokenizerFast:
    """Learn a byte-level BPE of `vocabulary` pieces. Any text can be encoded with it.

    whole_numbers: integers below it are pieces on top, alone and behind a blank.
    """
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    # While learning, digits stand apart, so that no merge joins them; the whole numbers come on top.
    digits = pre_tokenizers.Split(Regex(r"\d"), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, byte_level]) if whole_numbers else byte_level
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=MARKS,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    if whole_numbers:
        tokenizer = _with_whole_numbers(tokenizer, whole_numbers)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", tokenizer.token_to_id("</s>"))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        clean_up_tokenization_spaces=False,
    )


def _with_whole_numbers(learned: Tokenizer, below: int) -> Tokenizer:
    model = json.loads(learned.to_str())["model"]
    pieces = dict(model["vocab"])
    blank = "Ġ"  # ByteLevel's letter for a blank
    for text in (f"{before}{number}" for before in ("", blank) for number in range(below)):
        pieces.setdefault(text, len(pieces))
    merges = [tuple(merge) for merge in model["merges"]]
    # ignore_merges: a pre-token that is a piece is that piece, whatever merges would make of it.
    tokenizer = Tokenizer(models.BPE(vocab=pieces, merges=merges, unk_token="<unk>", ignore_merges=True))
    tokenizer.add_special_tokens(MARKS)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(NUMBER, "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    return tokenizer


def _rows(file: Path) -> Iterator[tuple[str, dict[str, object]]]:
    if file.suffix != ".parquet":
        yield from read_rows(file)
        return
    with reading_file(file, "a Parquet file"), pq.ParquetFile(file, page_checksum_verification=True) as parquet:
        for batch in parquet.iter_batches(ROWS_AT_ONCE):
            yield from ((f"{file}", row) for row in batch.to_pylist())


def _located(name: str, root: Path) -> str:
    folder = root / name
    if not folder.is_dir() and Path(name).is_dir():
        raise CheckpointError(
            f"'{name}': a folder of the project is no source of a tokenizer, since its contents are in no recipe; "
            "copy it below data.root, or give its absolute path"
        )
    return str(folder) if folder.is_dir() else name
