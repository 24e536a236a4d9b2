"""The command `score` of the teacher's door."""

import argparse
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from specialize.core.errors import RecipeError, RecordError, SpecializeError
from specialize.core.log import get_logger
from specialize.core.params.teacher import LOCAL, TeacherParams
from specialize.lineage.provenance import ProvenanceWriter
from specialize.lineage.recipe import read_recipe
from specialize.teacher.cache.store import cache_folder, open_cache
from specialize.teacher.cache.transfer import refill_results
from specialize.teacher.endpoint import endpoint_of
from specialize.teacher.on_policy.scoring_plan import ScoringPlan, write_scored
from specialize.teacher.on_policy.scoring_request import Shape
from specialize.teacher.prompt import read_few_shot
from specialize.teacher.sampling.online import fill
from specialize.teacher.settings import read_limits, read_settings
from specialize.teacher.simulated.process import local_teacher, serve_command

LOG = get_logger("teacher")
LEAST_SCORED = 0.5
"""Share of the texts: of fewer a round would learn from what the server happens to accept."""


def add_score(commands: Any) -> None:
    """Add the command to the door's subparsers."""
    score = commands.add_parser(
        "score", help="have texts that a student wrote scored, token by token; each is paid once"
    )
    score.add_argument("--recipe", type=Path, help="results/recipes/teacher/rounds/{round}.json: says who scores")
    score.add_argument("--provenance", type=Path, help="write here what made the outputs (lineage.provenance)")
    score.add_argument(
        "--params", type=Path, default=Path("params.yaml"), help="without a recipe, its section `teacher` says it"
    )
    score.add_argument("--problems", type=Path, required=True, help="the problems that were answered (JSON Lines)")
    score.add_argument("--worked", type=Path, nargs="*", default=[], help="more problems that the local teacher knows")
    score.add_argument(
        "--rollouts", type=Path, required=True, help="the texts: JSON Lines, records.predictions.Rollout"
    )
    score.add_argument("--shape", choices=("echo", "prompt_logprobs"), help="echo, with api chat prompt_logprobs")
    score.add_argument("--limits", help="JSON of teacher.limits: rates, prices, budget")
    score.add_argument("--work", type=Path, default=Path("results/work/teacher"), help="cache of the local teacher")
    score.add_argument("--output", type=Path, help="parquet file of completions; needed unless --estimate is given")
    score.add_argument("--estimate", action="store_true", help="print requests, tokens and cost; send nothing")
    score.set_defaults(command=_score)


def _score(args: argparse.Namespace) -> None:
    provenance = None
    if args.recipe:
        recipe, params = read_recipe(args.recipe, "teacher", TeacherParams)
        prompt = [Path(params.prompt)] if params.prompt else []
        inputs = [args.problems, *args.worked, args.rollouts, *prompt]
        provenance = ProvenanceWriter(args.provenance, recipe, args.recipe, inputs)
    else:
        params = read_settings(args.params)
    if args.limits:
        params = params.model_copy(update={"limits": read_limits(args.limits)})
    shape: Shape = args.shape or ("prompt_logprobs" if params.api == "chat" else "echo")
    _check(params, shape)
    if not args.output and not args.estimate:
        raise RecipeError("score: expected --output (or --estimate), got neither")
    few_shot = read_few_shot(Path(params.prompt) if params.prompt else None, params.request)
    problems = [args.problems, *args.worked]
    plan = ScoringPlan(args.problems, args.rollouts, params, few_shot, endpoint_of(params, problems), shape)
    if not plan.count:
        raise RecordError(f"{args.rollouts}:1", "(whole file)", "at least one rollout", "none")
    local = params.base_url == LOCAL
    server = local_teacher(serve_command(problems, params.local)) if local else None
    with open_cache(args.work if local else cache_folder(), paid=not local) as cache:
        if provenance and params.paid:
            refill_results(cache, args.output.parent)  # what stands there is written over
        if args.estimate:
            print("\n".join(plan.estimate(cache).lines()))
            return
        with server or nullcontext(params.base_url) as base_url:
            fill(plan, cache, base_url)
        texts, tokens, known = write_scored(plan, cache, args.output)
    if provenance:
        if texts < LEAST_SCORED * plan.count:
            raise SpecializeError(
                f"{args.rollouts}: expected at least {LEAST_SCORED:.0%} of {plan.count:,} texts to be scored, got "
                f"{texts:,}: the server refused the others. `cache prune --refused --yes` lets them be asked again"
            )
        provenance.write([args.output])
    share = known / tokens if tokens else 0.0
    LOG.info("wrote %s scored texts: %s tokens, %.1f %% with a distribution", f"{texts:,}", f"{tokens:,}", 100 * share)


def _check(params: TeacherParams, shape: str) -> None:
    if params.mode != "online":
        raise RecipeError(f"teacher.mode: expected online, got {params.mode}: only a server scores texts")
    if shape == "echo" and params.api == "chat":
        raise RecipeError("--shape: expected prompt_logprobs with api chat, which has no echo, got echo")
    if shape == "prompt_logprobs" and params.base_url == LOCAL:
        raise RecipeError("--shape: expected echo with base_url local, got prompt_logprobs")
    if not params.top_k:
        raise RecipeError("teacher.top_k: expected at least 1 to score texts, got 0")
