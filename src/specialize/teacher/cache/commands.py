"""`python -m specialize.teacher cache …`: look into the request cache, carry it elsewhere, check, prune."""

import argparse
import time
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path

from specialize.core.errors import SpecializeError
from specialize.core.log import get_logger
from specialize.teacher.cache.store import Cache, CacheError, cache_folder, open_cache
from specialize.teacher.cache.transfer import export, refill, refill_results
from specialize.teacher.settings import read_settings

LOG = get_logger("teacher")
DAY_S = 86_400


class NothingNamedError(SpecializeError):
    """Prune was not told what to remove."""


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

    verbs.add_parser("verify", help="check the file and that every row can be read").set_defaults(command=_verify)

    prune = verbs.add_parser("prune", help="remove completions; without --yes only count them")
    prune.add_argument("--model", help="those of this model")
    prune.add_argument("--older-than-days", type=float, metavar="DAYS", help="those received before")
    prune.add_argument("--yes", action="store_true", help="remove them; paid completions are lost")
    prune.set_defaults(command=_prune)


def _list(args: argparse.Namespace) -> None:
    query = (
        "SELECT model, count(DISTINCT request_key), count(*), sum(completion_tokens), sum(length(content)),"
        " sum(bare) FROM completions GROUP BY model ORDER BY model"
    )
    with _opened(args) as cache:
        print(cache.path)
        print(f"{'model':<32} {'requests':>10} {'completions':>12} {'tokens':>14} {'MB':>9} {'no logprobs':>12}")
        for model, requests, rows, tokens, size, bare in cache.connection.execute(query):
            print(f"{model:<32} {requests:>10,} {rows:>12,} {tokens or 0:>14,} {size / 1e6:>9.1f} {bare:>12,}")


def _export(args: argparse.Namespace) -> None:
    with _opened(args) as cache:
        LOG.info("%s completions written to %s", f"{export(cache.everything(args.model), args.file):,}", args.file)


def _import(args: argparse.Namespace) -> None:
    with _opened(args) as cache:
        for path in args.files:
            total, new = refill(cache, path)
            LOG.info("%s: %s completions, %s of them new to the cache", path, f"{total:,}", f"{new:,}")


def _refill(args: argparse.Namespace) -> None:
    if read_settings(args.params).paid:
        with _opened(args) as cache:
            total, new = refill_results(cache, args.results)
        if total:
            told = "%s completions in %s that this cache did not write, %s of them new to it"
            LOG.info(told, f"{total:,}", args.results, f"{new:,}")


def _verify(args: argparse.Namespace) -> None:
    with _opened(args) as cache:
        said = [row[0] for row in cache.connection.execute("PRAGMA integrity_check")]
        if said != ["ok"]:
            raise CacheError(f"{cache.path}: {said[0]}. Export what can be read and start a new one")
        states = Counter(row.answer().state for row in cache.everything())
        LOG.info("%s: sound, %s completions", cache.path, f"{states.total():,}")
        for told, count in sorted(states.items()):
            LOG.info("tokens %s: %s", told, f"{count:,}")


def _prune(args: argparse.Namespace) -> None:
    if args.model is None and args.older_than_days is None:
        raise NothingNamedError("cache prune: expected --model or --older-than-days, got neither")
    before = None if args.older_than_days is None else time.time() - args.older_than_days * DAY_S
    chosen = "(model = :model OR :model IS NULL) AND (added < :before OR :before IS NULL)"
    named = {"model": args.model, "before": before}
    with _opened(args) as cache:
        (count,) = cache.connection.execute(f"SELECT count(*) FROM completions WHERE {chosen}", named).fetchone()
        if not args.yes:
            LOG.info("would remove %s completions; with --yes they are gone", f"{count:,}")
            return
        with cache.connection:
            cache.connection.execute(f"DELETE FROM completions WHERE {chosen}", named)
            # Results that still hold what goes now must count as new to this cache, or nothing would take them back.
            cache.connection.execute("DELETE FROM files")
        cache.connection.execute("VACUUM")
        LOG.info("removed %s completions", f"{count:,}")


def _opened(args: argparse.Namespace) -> AbstractContextManager[Cache]:
    return open_cache(args.folder or cache_folder())
