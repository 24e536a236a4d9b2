"""Judge every start before a teacher is paid: python workflow/check_starts.py [params.yaml]

Reads configs, names of files and tokenizers, from the hub where a start is an id there; no weights. Says how much disk
the checkpoints will take. Exits with status 2 and one line where a start cannot be a student.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from specialize.core.errors import SpecializeError
from specialize.core.params.load import Params, load_params
from specialize.core.params.training.optimizer import OptimizerParams
from specialize.lineage.preflight import disk_estimate
from specialize.lineage.write_recipes import raw_root


def optimizers(params: Params) -> Iterator[tuple[str, OptimizerParams]]:
    """Yield every optimizer that params ask for, with its place in them."""
    yield "train", params.train
    for name, start in params.train.starts.items():
        if start.pretraining:
            yield f"train.starts.{name}.pretraining", start.pretraining


def main(params_file: Path) -> int:
    try:
        params = load_params(params_file)
        root = raw_root(params, params_file.resolve().parent)
        known: dict[str, int] = {}
        given = {name: start for name, start in params.train.starts.items() if start.source != "scratch"}
        for where, run in optimizers(params):
            if run.optimizer != "adamw":
                from specialize.train.optimizers import check_optimizer

                check_optimizer(run, where)
        if given:
            from specialize.train.model import check_start, on_hub
        for name, start in given.items():
            tokenizer = params.traces.tokenizers[start.tokenizer]
            family = check_start(start, (tokenizer.source, tokenizer.revision), root, f"train.starts.{name}")
            print(f"train.starts.{name}: {start.source}: {family.replace('_', '-')}", file=sys.stderr)
            if not (root / start.source).is_dir():
                commit, known[name] = on_hub(start)
                if commit and start.revision is None:
                    print(f"train.starts.{name}: pin it, a branch may move: revision: {commit}", file=sys.stderr)
        for line in disk_estimate(params, params_file.resolve().parent, known).lines():
            print(line, file=sys.stderr)
    except SpecializeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "params.yaml")))
