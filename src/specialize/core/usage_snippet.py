"""Python that asks a checkpoint one question as scoring would, with plain transformers: for model cards."""

from collections.abc import Mapping

from specialize.core.encoding import Encoding
from specialize.core.model_families import Family
from specialize.core.prompt_formats import FORMATS, Format, prompt, separator

AUTO_CLASSES: dict[Family, str] = {"encoder_decoder": "AutoModelForSeq2SeqLM", "causal": "AutoModelForCausalLM"}
"""Class of transformers that loads a model of the family."""
QUESTION = "Tom has 3 apples and gets 4 more. How many has he?"


def snippet(encoding: Encoding, formats: Mapping[str, float], max_new_tokens: int, name: str = ".") -> str:
    """Return the code. It holds the prompt in full: a bare question gets an answer without reasoning.

    formats: share of each data format in training; name: folder or Hub id that the model is loaded from.
    """
    return _code(encoding, formats, max_new_tokens, name, AUTO_CLASSES[encoding.family], "transformers")


def adapter_snippet(encoding: Encoding, formats: Mapping[str, float], max_new_tokens: int, name: str = ".") -> str:
    """Return the same for a folder that holds an adapter alone: peft loads the base model that it names."""
    auto_class = AUTO_CLASSES[encoding.family].replace("AutoModel", "AutoPeftModel")
    return _code(encoding, formats, max_new_tokens, name, auto_class, "peft")


def zero_shot_format(formats: Mapping[str, float]) -> Format:
    """Return the first zero-shot format of the mix, else zero-shot chain of thought."""
    trained = [format for format in FORMATS if format.startswith("zero_shot") and formats.get(format)]
    return trained[0] if trained else "zero_shot_chain_of_thought"


def _code(
    encoding: Encoding, formats: Mapping[str, float], max_new_tokens: int, name: str, auto_class: str, library: str
) -> str:
    text = prompt(zero_shot_format(formats), QUESTION)
    special, causal = "", encoding.family == "causal"
    style, chat = encoding.style, []
    if style.style == "chat":
        system = [{"role": "system", "content": style.system}] if style.system else []
        thinking = "" if style.thinking is None else f", enable_thinking={style.thinking}"
        chat = [
            f'messages = {system!r} + [{{"role": "user", "content": prompt}}]',
            f"prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True{thinking})",
        ]
        special = ", add_special_tokens=False"
    elif causal:
        text += "\n" if separator(text) == "\n" else ""
        ends = encoding.tokenizer("a")["input_ids"][-1:] == [encoding.tokenizer.eos_token_id]
        special = ", add_special_tokens=False" if ends else ""  # no end token before the answer
    imports = [f"from transformers import {auto_class}, AutoTokenizer"]
    if library != "transformers":
        imports = [f"from {library} import {auto_class}", "from transformers import AutoTokenizer"]
    lines = [
        *imports,
        "",
        f'model, tokenizer = {auto_class}.from_pretrained("{name}"), AutoTokenizer.from_pretrained("{name}")',
        f"prompt = {text!r}",
        *chat,
        f'ids = tokenizer(prompt, return_tensors="pt"{special})["input_ids"]',
        f"written = model.generate(input_ids=ids, max_new_tokens={max_new_tokens}, do_sample=False)[0]",
        f"print(tokenizer.decode(written{'[ids.shape[1] :]' if causal else ''}, skip_special_tokens=True))",
    ]
    return "\n".join(lines)
