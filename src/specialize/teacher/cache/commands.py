"""`python -m specialize.teacher cache …`: look into the request cache, carry it elsewhere, check, prune."""

import argparse
import time
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path

from specialize.core.errors import SpecializeError
from specialize.core.log import get_logger
from specialize.teacher.api.finish_reason import FILTERED, REFUSED
from specialize.teacher.api.redact import one_line
from specialize.teacher.cache.row import CacheError
from specialize.teacher.cache.store import Cache, cache_folder, open_cache
from specialize.teacher.cache.transfer import export, refill, refill_results
from specialize.teacher.sampling.batch_state import BatchState
from specialize.teacher.settings import read_settings

LOG = get_logger("teacher")
DAY_S = 86_400


class NothingNamedError(SpecializeError):
    """`prune` without any condition would remove everything."""


def add_cache_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `cache` with its verbs."""
    cache = commands.add_parser("cache", help="the request cache: list, export, import, verify, prune")
    cache.add_argument("--folder", type=Path, help="default: SPECIALIZE_CACHE, else the user's cache folder")
    verbs = cache.add_subparsers(required=True, metavar="VERB")

    verbs.add_parser("list", help="models, requests, completions, tokens, size").set_defaults(command=_list)

    exporting = verbs.add_parser("export", help="write the cache as JSON Lines, as the servers sent it")
    exporting.add_argument("file", type=Path)
    exporting.add_argument("--model", help="only this model")
    exporting.set_defaults(command=_export)

    importing = verbs.add_parser("import", help="add exported files, or results/completions/*.parquet")
    importing.add_argument("files", type=Path, nargs="+")
    importing.set_defaults(command=_import)

    refilling = verbs.add_parser("refill", help="add results of a paid teacher that came from elsewhere (dvc pull)")
    refilling.add_argument("--params", type=Path, default=Path("params.yaml"))
    refilling.add_argument("--results", type=Path, default=Path("results/completions"))
    refilling.set_defaults(command=_refill)

    verbs.add_parser("verify", help="check the file and the digest of every row").set_defaults(command=_verify)

    prune = verbs.add_parser("prune", help="remove completions; without --yes only count them")
    prune.add_argument("--model", help="those of this model")
    prune.add_argument("--older-than-days", type=float, metavar="DAYS", help="those received before")
    prune.add_argument(
        "--refused", action="store_true", help="only questions that the server refused: they cost nothing"
    )
    prune.add_argument("--yes", action="store_true", help="remove them; paid completions are lost")
    prune.set_defaults(command=_prune)

    batches = verbs.add_parser("batches", help="batches that are not collected yet; --forget lets the provider's go")
    batches.add_argument("--forget", metavar="NAME", help="name of a batch, or 'all': its requests are submitted again")
    batches.set_defaults(command=_batches)


def _list(args: argparse.Namespace) -> None:
    query = (
        "SELECT model, count(DISTINCT request_key), count(*), sum(completion_tokens), sum(length(content)),"
        " sum(bare) FROM completions GROUP BY model ORDER BY model"
    )
    with _opened(args) as cache:
        print(cache.path)
        print(f"{'model':<32} {'requests':>10} {'completions':>12} {'tokens':>14} {'MB':>9} {'no logprobs':>12}")
        for model, requests, rows, tokens, size, bare in cache.connection.execute(query):
            model = one_line(model)
            print(f"{model:<32} {requests:>10,} {rows:>12,} {tokens or 0:>14,} {size / 1e6:>9.1f} {bare:>12,}")


def _export(args: argparse.Namespace) -> None:
    with _opened(args) as cache:
        LOG.info("%s completions written to %s", f"{export(cache.salvaged(args.model), args.file):,}", args.file)


def _import(args: argparse.Namespace) -> None:
    with _opened(args) as cache:
        for path in args.files:
            total, new = refill(cache, path)
            LOG.info("%s: %s completions, %s of them new to the cache", path, f"{total:,}", f"{new:,}")


def _refill(args: argparse.Namespace) -> None:
    if read_settings(args.params).paid:
        with _opened(args) as cache:
            for folder in (args.results, *sorted((args.results.parent / "starts").glob("*/scored"))):
                total, new = refill_results(cache, folder)
                if total:
                    message = "%s completions in %s that this cache did not write, %s of them new to it"
                    LOG.info(message, f"{total:,}", folder, f"{new:,}")


def _verify(args: argparse.Namespace) -> None:
    with _opened(args) as cache:
        found = [row[0] for row in cache.connection.execute("PRAGMA integrity_check")]
        if found != ["ok"]:
            raise CacheError(f"{cache.path}: {found[0]}. Export what can be read and start a new one")
        states: Counter[str] = Counter()
        without = 0
        for row, columns, has_digest in cache.verified():
            if columns is not None:
                raise CacheError(f"{cache.path}: request {row.key[:12]}…, sample {row.sample}: damaged {columns}")
            without += not has_digest
            states[row.answer().state] += 1
        LOG.info("%s: sound, %s completions", cache.path, f"{states.total():,}")
        if without:
            LOG.info("%s of them are from before digests were kept: only that they can be read", f"{without:,}")
        for state, count in sorted(states.items()):
            LOG.info("tokens %s: %s", state, f"{count:,}")


def _prune(args: argparse.Namespace) -> None:
    if args.model is None and args.older_than_days is None and not args.refused:
        raise NothingNamedError("cache prune: expected --model, --older-than-days or --refused, got none")
    before = None if args.older_than_days is None else time.time() - args.older_than_days * DAY_S
    chosen = (
        "(model = :model OR :model IS NULL) AND (added < :before OR :before IS NULL)"
        f" AND (NOT :refused OR (finish_reason IN ('{REFUSED}', '{FILTERED}') AND billed_prompt = 0))"
    )
    named = {"model": args.model, "before": before, "refused": args.refused}
    with _opened(args) as cache:
        (count,) = cache.connection.execute(f"SELECT count(*) FROM completions WHERE {chosen}", named).fetchone()
        if not args.yes:
            LOG.info("would remove %s completions; with --yes they are gone", f"{count:,}")
            return
        with cache.connection:
            cache.connection.execute(f"DELETE FROM completions WHERE {chosen}", named)
            if not args.refused:
                # Results that still hold what goes now must count as new to this cache, or nothing takes them back.
                cache.connection.execute("DELETE FROM files")
        cache.connection.execute("VACUUM")
        LOG.info("removed %s completions", f"{count:,}")


def _batches(args: argparse.Namespace) -> None:
    with _opened(args) as cache:
        state = BatchState(cache)
        for batch in state.open():
            forgotten = args.forget in ("all", batch.name)
            if forgotten:
                state.forget(batch)
            status = batch.batch_id or ("uploaded" if batch.file_id else "written")
            print(f"{batch.name}  {batch.requests:>7,} requests  {status}{'  forgotten' if forgotten else ''}")


def _opened(args: argparse.Namespace) -> AbstractContextManager[Cache]:
    return open_cache(args.folder or cache_folder())
