"""What requests cost, and the estimate for a run."""

from dataclasses import dataclass

from specialize.core.params.teacher import Prices

MILLION = 1_000_000


def cost(prices: Prices | None, prompt: float, completion: float) -> float:
    """Return dollars for so many tokens; 0 where no price is known."""
    return 0.0 if prices is None else (prompt * prices.prompt + completion * prices.completion) / MILLION


@dataclass(frozen=True)
class Estimate:
    """What is left to ask for, before the first call."""

    samples: int
    cached: int
    requests: int
    prompt_tokens: int
    """About: a rule of thumb, for no tokenizer of the teacher is at hand."""
    completion_tokens: int
    """At most."""
    prices: Prices | None
    spent: float
    """Dollars that the cached samples cost."""

    def lines(self) -> list[str]:
        """Return what to print."""
        told = [
            f"samples            {self.samples:>14,}",
            f"in the cache       {self.cached:>14,}",
            f"requests to send   {self.requests:>14,}",
            f"prompt tokens      {self.prompt_tokens:>14,}  about",
            f"completion tokens  {self.completion_tokens:>14,}  at most",
        ]
        if self.prices is None:
            return [*told, "cost                      unknown  (set teacher.limits.prices)"]
        dollars = cost(self.prices, self.prompt_tokens, self.completion_tokens)
        return [*told, f"cost               {dollars:>14,.2f}  dollars at most; {self.spent:,.2f} spent before"]
