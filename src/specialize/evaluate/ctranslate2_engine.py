"""Greedy decoding with CTranslate2 in fp32, and whether it writes what transformers writes.

CTranslate2 computes the same sums in another order, so equal texts are not a matter of course: a student's texts are
its own only where both engines agree to the character on the first prompts of each benchmark (docs/decisions/0028).
Weights in int8 would be faster still, and are never used: they are another model.
"""

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ctranslate2
from ctranslate2.converters import TransformersConverter

from specialize.core.encoding import Ids
from specialize.core.errors import SpecializeError
from specialize.evaluate.generate import (
    Advance,
    Checkpoint,
    DecodingLimits,
    Generated,
    batches,
    end_tokens,
    generate,
    source_rows,
)
from specialize.evaluate.stopping import asks_for_the_answer_alone

PARITY_PROMPTS = 64
"""Prompts of each benchmark that both engines must answer with the same text."""


class NotConvertedError(SpecializeError):
    """CTranslate2 cannot take over this model."""


class Engine:
    """A checkpoint as CTranslate2 runs it, on one CPU thread."""

    def __init__(self, checkpoint: Checkpoint, folder: Path, threads: int) -> None:
        """folder: of the checkpoint, for its config. Raises NotConvertedError."""
        self._checkpoint = checkpoint
        self._is_encoder_decoder = bool(checkpoint.model.config.is_encoder_decoder)
        if checkpoint.model.device.type != "cpu":
            raise NotConvertedError("the model is on a GPU, where transformers decodes")
        with TemporaryDirectory() as name:
            converted = Path(name) / "model"
            try:
                _Converter(checkpoint, folder).convert(str(converted))
                kind = ctranslate2.Translator if self._is_encoder_decoder else ctranslate2.Generator
                self._model: Any = kind(
                    str(converted), device="cpu", compute_type="float32", inter_threads=1, intra_threads=threads
                )
            except (ValueError, RuntimeError, KeyError, AttributeError, NotImplementedError) as error:
                raise NotConvertedError(str(error).splitlines()[0] if str(error) else repr(error)) from None

    def generate(
        self, texts: Sequence[str], limits: DecodingLimits, advance: Advance = lambda count: None
    ) -> tuple[list[Generated], int]:
        """As `evaluate.generate.generate`."""
        sources, truncated = source_rows(self._checkpoint.encoding, texts, limits)
        answers: dict[int, Generated] = {}
        for places in batches([len(ids) for ids in sources], limits):
            written = self._decode([sources[place] for place in places], limits.max_new_tokens)
            for place, ids in zip(places, written, strict=True):
                answers[place] = self._checkpoint.read(ids, asks_for_the_answer_alone(texts[place]))
            advance(len(places))
        return [answers[place] for place in range(len(texts))], truncated

    def _decode(self, rows: list[Ids], max_new_tokens: int) -> list[Ids]:
        tokenizer = self._checkpoint.encoding.tokenizer
        prompts = [tokenizer.convert_ids_to_tokens(ids) for ids in rows]
        common = {"beam_size": 1, "end_token": end_tokens(self._checkpoint), "return_end_token": True}
        if self._is_encoder_decoder:
            results = self._model.translate_batch(
                prompts, max_decoding_length=max_new_tokens, max_input_length=0, **common
            )
            return [tokenizer.convert_tokens_to_ids(result.hypotheses[0]) for result in results]
        results = self._model.generate_batch(
            prompts, max_length=max_new_tokens, include_prompt_in_result=False, **common
        )
        return [list(result.sequences_ids[0]) for result in results]


def disagreement(
    checkpoint: Checkpoint, engine: Engine, texts: Sequence[str], limits: DecodingLimits
) -> tuple[str, str] | None:
    """Return the first two answers of transformers and of the engine that differ, of the first prompts; None: none."""
    first = texts[:PARITY_PROMPTS]
    expected, _ = generate(checkpoint, first, limits)
    found, _ = engine.generate(first, limits)
    return next(((a.text, b.text) for a, b in zip(expected, found, strict=True) if a != b), None)


class _Converter(TransformersConverter):
    """Converts the model that is loaded already: from safetensors, without code of others."""

    def __init__(self, checkpoint: Checkpoint, folder: Path) -> None:
        super().__init__(str(folder))
        self._checkpoint = checkpoint

    def load_model(self, model_class: type, model_name_or_path: str, **kwargs: Any) -> Any:
        # Converters take modules out of the model as they go: so a second one, of the same weights.
        model = self._checkpoint.model
        return deepcopy(model, {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())})

    def load_tokenizer(self, tokenizer_class: type, model_name_or_path: str, **kwargs: Any) -> Any:
        return self._checkpoint.encoding.tokenizer

    def _load(self) -> Any:
        spec = super()._load()
        # A tokenizer may lack some of them; prompts are made of the vocabulary's own tokens, so none is ever asked for.
        some = self._checkpoint.encoding.tokenizer.eos_token
        for name, token in spec.config.to_dict().items():
            if name.endswith("_token") and token is None:
                setattr(spec.config, name, some)
        return spec
