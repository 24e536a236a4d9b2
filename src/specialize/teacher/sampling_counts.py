"""What is counted of a run's completions, and what of it deserves a warning."""

from collections import Counter

from specialize.core.log import get_logger
from specialize.core.params.teacher import TeacherParams
from specialize.records.completions import SamplingSummary
from specialize.records.problems import Problem
from specialize.teacher.api.reasoning import begins_reasoning
from specialize.teacher.api.responses import Answer
from specialize.teacher.cache.row import Row
from specialize.teacher.readable import strictly_read

LOG = get_logger("teacher")
KEPT = 0.99
"""Share of the generated tokens below which a warning says how many are kept."""
COPIES = 0.9
"""Share of identical samples from which the teacher is taken to ignore temperature and seed."""


class SamplingCounts:
    """Counts over a run's completions; the same whether they were sampled now or came from the cache."""

    def __init__(self, params: TeacherParams, problems: int) -> None:
        self.params, self.problems = params, problems
        self.reasons: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.states: Counter[str] = Counter()

    def begin(self, problem: Problem) -> None:
        """Note that the next completions are those of `problem`."""
        self.problem = problem
        self.texts: set[str] = set()

    def add(self, row: Row, answer: Answer) -> None:
        """Count one completion."""
        tokens = answer.tokens or ()
        self.reasons[answer.finish_reason or "none"] += 1
        self.states[answer.state] += 1
        self.counts["tokens"] += len(tokens)
        self.counts["tokens_with_logprob"] += sum(token.logprob is not None for token in tokens)
        self.counts["alternatives"] += sum(len(token.top) for token in tokens)
        self.counts["tokens_generated"] += answer.completion_tokens or 0
        self.counts["cut"] += answer.finish_reason == "length"
        if row.refused:
            self.counts["refused"] += 1
        elif not answer.text.strip():
            self.counts["empty"] += 1
        else:
            self.counts["unparsed"] += strictly_read(self.problem, answer.text) is None
            self.counts["reasoning"] += begins_reasoning(answer.text)
            self.counts["identical_copies"] += answer.text in self.texts
            self.texts.add(answer.text)

    def record(self) -> SamplingSummary:
        """Return the counts as results/completions/sampling.json holds them."""
        total = self.states.total()
        return SamplingSummary(
            teacher=self.params.model,
            problems=self.problems,
            completions=total,
            completions_without_tokens=total - self.states["kept"],
            finish_reasons=dict(self.reasons),
            **{name: self.counts[name] for name in ("empty", "unparsed", "cut", "refused", "identical_copies")},
            **{name: self.counts[name] for name in ("reasoning", "tokens_generated")},
            **{name: self.counts[name] for name in ("tokens", "tokens_with_logprob", "alternatives")},
        )

    def log_warnings(self) -> None:
        """Log what makes completions useless for training, or fewer than they seem."""
        counts, params, total = self.counts, self.params, self.states.total()
        if params.top_k:
            for state, count in sorted(self.states.items()):
                if state != "kept":
                    LOG.warning("%s completions keep their text alone: tokens %s", f"{count:,}", state)
            generated = counts["tokens_generated"] - total  # an end mark each, which is no part of the text
            if counts["tokens_with_logprob"] < KEPT * generated:
                message = "%.1f %% of the tokens that the server generated are kept with their log-probabilities"
                LOG.warning(message, 100 * counts["tokens_with_logprob"] / generated)
            if counts["tokens"] and not counts["alternatives"]:
                message = "no token has alternatives, though teacher.top_k asks for %d: the distribution loss has none"
                LOG.warning(message, params.top_k)
        for name, what in (("empty", "are empty"), ("refused", "stand for questions that the server refused")):
            if counts[name]:
                LOG.warning("%s of %s completions %s", f"{counts[name]:,}", f"{total:,}", what)
        repeats = total - counts["refused"] - self.problems
        if params.temperature and repeats > 0 and counts["identical_copies"] >= COPIES * repeats:
            LOG.warning(
                "%s of %s completions repeat another of their question word for word: does the server ignore "
                "temperature or seed?",
                f"{counts['identical_copies']:,}",
                f"{total:,}",
            )
