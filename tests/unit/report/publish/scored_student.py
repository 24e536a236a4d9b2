"""The tokenizer of the student whose checkpoints the tests publish."""

from transformers import PreTrainedTokenizerFast

from tiny_models import tiny_tokenizer

TEXT = "Q: Tom has 3 apples and gets 4 more. How many has he?\nLet's think step by step\n3 + 4 = 7.\nThe answer is 7"


def student_tokenizer() -> PreTrainedTokenizerFast:
    return tiny_tokenizer([TEXT], bos=True)
