"""A llama.cpp server on a tiny model with random weights, made here: prints its base URL, ends with its standard input.

Run by an interpreter that has `xllamacpp` and `gguf`; see test_interop.py.
"""

import socket
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import gguf
import numpy
import xllamacpp

TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message.role + '|>' }}"
    "{% if message.role == 'assistant' %}"
    "{% if message.reasoning_content %}<think>\n{{ message.reasoning_content }}\n</think>\n\n{% endif %}{% endif %}"
    "{{ message.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|><think>\n{% endif %}"
)
"""Qwen's way: an assistant's turn holds its reasoning between tags, and the prompt opens it."""
WIDTH, LAYERS, HEADS, FORWARD, CONTEXT = 64, 2, 4, 128, 2048


def letters() -> list[str]:
    """Return printable ASCII, blank and newline as GPT-2's vocabulary writes them: a random model writes valid UTF-8."""
    return ["Ċ", "Ġ", *(chr(byte) for byte in range(33, 127))]


def write_model(path: Path) -> None:
    """Write a Llama of random weights whose tokens are letters, a few pairs, and an end mark."""
    pairs = [("t", "h"), ("i", "s"), ("Ġ", "a"), ("e", "r")]
    tokens = [*letters(), *(a + b for a, b in pairs), "<|end|>"]
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * (len(tokens) - 1) + [3])
    writer.add_token_merges([f"{a} {b}" for a, b in pairs])
    writer.add_eos_token_id(len(tokens) - 1)
    writer.add_bos_token_id(len(tokens) - 1)
    random = numpy.random.default_rng(1)

    def matrix(name: str, *shape: int) -> None:
        writer.add_tensor(name, (random.standard_normal(shape) / WIDTH**0.5).astype(numpy.float32))

    matrix("token_embd.weight", len(tokens), WIDTH)
    matrix("output.weight", len(tokens), WIDTH)
    writer.add_tensor("output_norm.weight", numpy.ones(WIDTH, numpy.float32))
    for layer in range(LAYERS):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            matrix(f"blk.{layer}.{name}.weight", WIDTH, WIDTH)
        matrix(f"blk.{layer}.ffn_gate.weight", FORWARD, WIDTH)
        matrix(f"blk.{layer}.ffn_up.weight", FORWARD, WIDTH)
        matrix(f"blk.{layer}.ffn_down.weight", WIDTH, FORWARD)
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", numpy.ones(WIDTH, numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        write_model(Path(folder) / "tiny.gguf")
        params = xllamacpp.CommonParams()
        params.model.path = str(Path(folder) / "tiny.gguf")
        params.port, params.n_ctx, params.n_parallel = port, CONTEXT, 2
        params.cpuparams.n_threads = 1
        if "reasoning" in sys.argv:
            # The prompt opens the reasoning, and random weights never close it: the parser takes all for reasoning.
            params.chat_template, params.use_jinja = TEMPLATE, True
            formats = xllamacpp.common_reasoning_format
            parsed = "unparsed" not in sys.argv
            params.reasoning_format = (
                formats.COMMON_REASONING_FORMAT_DEEPSEEK if parsed else formats.COMMON_REASONING_FORMAT_NONE
            )
        server = xllamacpp.Server(params)
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models")
                break
            except OSError:
                time.sleep(0.1)
        print(f"http://127.0.0.1:{port}/v1", flush=True)
        sys.stdin.read()
        del server


if __name__ == "__main__":
    main()
