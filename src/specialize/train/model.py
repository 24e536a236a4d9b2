"""The start checkpoint of a student: random weights, or a model that transformers loads."""

from pathlib import Path

from safetensors import SafetensorError
from transformers import AutoTokenizer, PreTrainedTokenizerBase, set_seed

from specialize.core.errors import CheckpointError
from specialize.core.params.starts import Architecture
from specialize.core.params.train import StudentRun
from specialize.train.families import ENCODER_DECODER, VOCABULARY_MULTIPLE, Student


def load_start(run: StudentRun, root: Path, tokenizer_folder: Path, pretrained: Path) -> Student:
    """Return the model that training begins with (fp32), its tokenizer and its family.

    root: folder of raw files; pretrained: folder of the start where this run made it. Another `start` is a folder below
    `root` (or an absolute path) where there is one, else a Hugging Face id. Raises CheckpointError where model or
    tokenizer cannot be loaded.
    """
    tokenizer = load_tokenizer(tokenizer_folder)
    if not run.pretrained and run.start == "scratch":
        assert run.architecture is not None  # the params model asks for it with `scratch`
        return random_start(run.architecture, tokenizer, run.seed, run.dropout)
    set_seed(run.seed)
    name = str(pretrained) if run.pretrained else _locate(run.start, root)
    family = ENCODER_DECODER
    try:
        model = family.load(name, run.revision, run.dropout)
    except (OSError, ValueError, SafetensorError) as error:
        raise CheckpointError(
            f"train.students.{run.student}.start: cannot load '{name}': {_first_line(error)}. "
            "Give a folder that transformers wrote, or the id of an encoder-decoder on the Hugging Face Hub"
        ) from None
    student = Student(model, tokenizer, family)
    if len(tokenizer) > student.embeddings:
        raise CheckpointError(
            f"train.students.{run.student}: the tokenizer has {len(tokenizer)} tokens, "
            f"the start checkpoint {student.embeddings} embeddings; use its own tokenizer"
        )
    return student


def random_start(
    architecture: Architecture, tokenizer: PreTrainedTokenizerBase, seed: int, dropout: float, spare_rows: int = 0
) -> Student:
    """Return a model with random weights; its embedding has `spare_rows` rows or more besides the tokens'."""
    set_seed(seed)
    family = ENCODER_DECODER
    embeddings = -(-(len(tokenizer) + spare_rows) // VOCABULARY_MULTIPLE) * VOCABULARY_MULTIPLE
    return Student(family.draw(architecture, tokenizer, dropout, embeddings), tokenizer, family)


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Load a tokenizer that the traces phase wrote. Raises CheckpointError where it cannot be loaded."""
    try:
        return AutoTokenizer.from_pretrained(str(folder))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"cannot load the tokenizer '{folder}': {_first_line(error)}") from None


def _locate(name: str, root: Path) -> str:
    folder = root / name
    if not folder.is_dir() and Path(name).is_dir():
        raise CheckpointError(
            f"'{name}': a folder of the project cannot be a start checkpoint, since no recipe holds its contents; "
            "copy it below data.root, or give its absolute path"
        )
    return str(folder) if folder.is_dir() else name


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
