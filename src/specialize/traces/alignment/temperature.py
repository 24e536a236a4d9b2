"""The teacher's distributions at another temperature than the server's.

APIs give log-probabilities of temperature 1, whatever temperature the text was sampled at. A text of temperature T was
drawn from p^(1/T), normalised. Here every distribution becomes that, token by token of the teacher, before anything is
merged across tokens: a product or sum of probabilities does not commute with a power.

What is listed is exact up to one normaliser. Of the rest of the vocabulary only the mass r = 1 − Σ p is known, and that
no token of it is likelier than c, the least likely alternative. It counts as if it were made of tokens of probability
min(c, r), so as r · min(c, r)^(1/T − 1): for T < 1 no rest can have more (what is listed gets at least this much less
than its due), for T > 1 none less. With all of the vocabulary listed, r is 0 and the result is softmax(logits / T).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import chi2

from specialize.core.errors import SpecializeError
from specialize.traces.alignment.token_spans import TeacherTokens

ROUNDING = 1e-6
"""A rest below it is the rounding of single-precision log-probabilities; hotter targets would make much of it."""
COLDEST, HOTTEST = 0.05, 5.0
"""Temperatures between which a fit looks."""


@dataclass(frozen=True)
class TemperatureFit:
    """The temperature at which texts were most likely sampled from the log-probabilities beside them."""

    temperature: float
    low: float
    high: float
    """95 % interval by the likelihood ratio."""
    gain: float
    """Log-likelihood (nats) above temperature 1."""
    tokens: int


@dataclass(frozen=True)
class _Outcomes:
    """The listed outcomes of every token, the sampled one included, token by token: [entries], [tokens + 1]."""

    logprobs: np.ndarray
    rows: np.ndarray
    sampled: np.ndarray
    """[tokens] log-probability of the sampled token, nan where it is not known."""
    rest: np.ndarray
    """[tokens] probability of what is not listed."""
    cut: np.ndarray
    """[tokens] bound of the probability of a token of the rest."""
    listed: np.ndarray
    """[tokens] whether the server listed the sampled token among the alternatives."""


def tempered(teacher: TeacherTokens, temperature: float) -> TeacherTokens:
    """Return the tokens with log-probabilities p^(1/temperature), normalised. 1: as they are. 0: the most likely
    alternatives alone, in equal shares."""
    if temperature == 1.0:
        return teacher
    outcomes = _outcomes(teacher)
    power = 1 / temperature if temperature else np.inf
    scale = _log_normaliser(outcomes, power)
    counts = np.diff(teacher.top_rows)
    with np.errstate(invalid="ignore"):
        best = _best(outcomes)
        top = _powered(_clipped(teacher.top_logprobs), power, np.repeat(best, counts)) - np.repeat(scale, counts)
        own = _powered(_clipped(teacher.logprobs), power, best) - scale
    # A token without any known probability keeps none.
    return replace(teacher, logprobs=np.where(np.isnan(teacher.logprobs), np.nan, own), top_logprobs=top)


def fit_temperature(batches: list[TeacherTokens]) -> TemperatureFit:
    """Return the temperature under which the sampled tokens are most likely, given that each is one of the alternatives
    listed for it: so nothing is assumed of what is not listed.

    Raises SpecializeError where no token has a choice, so that no temperature is likelier than another.
    """
    parts = [_given_listed(_outcomes(batch)) for batch in batches]
    choices = sum(int((np.diff(part.rows) > 1).sum()) for part in parts)
    if not choices:
        raise SpecializeError("temperature: no token has alternatives with probabilities, so there is nothing to fit")

    def loss(log_temperature: float) -> float:
        power = float(np.exp(-log_temperature))
        return -sum(_log_likelihood(part, power) for part in parts)

    low, high = np.log(COLDEST), np.log(HOTTEST)
    best = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-5})
    bound = float(best.fun) + float(chi2.ppf(0.95, 1)) / 2
    ends = []
    for end in (low, high):
        beyond = loss(end) > bound
        ends.append(float(np.exp(brentq(lambda x: loss(x) - bound, *sorted((end, best.x))) if beyond else end)))
    known = sum(int(np.isfinite(part.sampled).sum()) for part in parts)
    return TemperatureFit(float(np.exp(best.x)), ends[0], ends[1], loss(0.0) - float(best.fun), known)


def _outcomes(teacher: TeacherTokens) -> _Outcomes:
    counts = np.diff(teacher.top_rows)
    which = np.repeat(np.arange(len(counts)), counts)
    top, own = _clipped(teacher.top_logprobs), _clipped(teacher.logprobs)
    is_sampled = teacher.top == teacher.tokens[which]
    listed = np.zeros(len(counts), dtype=bool)
    listed[which[is_sampled]] = True
    lacking = np.flatnonzero(~listed & np.isfinite(own))
    logprobs = np.insert(top, teacher.top_rows[lacking + 1], own[lacking])
    sizes = counts.copy()
    sizes[lacking] += 1
    rows = np.concatenate([[0], np.cumsum(sizes)])
    mass = np.bincount(np.repeat(np.arange(len(sizes)), sizes), np.exp(logprobs), len(sizes))
    # A server may list the sampled token below its top k: then it says nothing of what else is there.
    others = np.where(is_sampled, np.inf, np.exp(top))
    cut = np.full(len(counts), np.inf)
    np.minimum.at(cut, which, others)
    rest = np.where(mass < 1 - ROUNDING, 1 - mass, 0.0)
    return _Outcomes(logprobs, rows, own, rest, np.minimum(cut, 1.0), listed)


def _given_listed(outcomes: _Outcomes) -> _Outcomes:
    sampled = np.where(outcomes.listed, outcomes.sampled, np.nan)
    return replace(outcomes, sampled=sampled, rest=np.zeros_like(outcomes.rest))


def _clipped(logprobs: np.ndarray) -> np.ndarray:
    """A server's rounding may pass 0; a null stands for no probability."""
    clipped: np.ndarray = np.where(np.isnan(logprobs), -np.inf, np.minimum(logprobs, 0.0))
    return clipped


def _best(outcomes: _Outcomes) -> np.ndarray:
    """Return the largest log-probability of each token, [tokens]; −inf where none is listed."""
    best = np.full(len(outcomes.rows) - 1, -np.inf)
    np.maximum.at(best, np.repeat(np.arange(len(best)), np.diff(outcomes.rows)), outcomes.logprobs)
    return best


def _powered(logprobs: np.ndarray, power: float, best: np.ndarray) -> np.ndarray:
    """Return log p^power, of an infinite power 0 for the best and −inf for the others."""
    if np.isinf(power):
        return np.where(logprobs == best, 0.0, -np.inf)
    powered: np.ndarray = power * logprobs
    return powered


def _log_normaliser(outcomes: _Outcomes, power: float) -> np.ndarray:
    """Return log of Σ p^power over what is listed and the rest, [tokens]."""
    sizes, best = np.diff(outcomes.rows), _best(outcomes)
    which = np.repeat(np.arange(len(sizes)), sizes)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Above the largest, so that no power makes all of them vanish.
        raised = np.exp(_powered(outcomes.logprobs, power, best[which]) - _powered(best, power, best)[which])
        total = _powered(best, power, best) + np.log(np.bincount(which, np.nan_to_num(raised), len(sizes)))
        if not np.isinf(power):
            rest = np.log(outcomes.rest) + (power - 1) * np.log(np.minimum(outcomes.cut, outcomes.rest))
            total = np.logaddexp(total, np.where(outcomes.rest > 0, rest, -np.inf))
    return np.where(np.isfinite(total), total, 0.0)


def _log_likelihood(outcomes: _Outcomes, power: float) -> float:
    known = np.isfinite(outcomes.sampled)
    return float((power * outcomes.sampled - _log_normaliser(outcomes, power))[known].sum())
