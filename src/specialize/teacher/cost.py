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
    budget: float | None = None

    def lines(self) -> list[str]:
        """Return what to print."""
        counts = [
            f"samples            {self.samples:>14,}",
            f"in the cache       {self.cached:>14,}",
            f"requests to send   {self.requests:>14,}",
            f"prompt tokens      {self.prompt_tokens:>14,}  about",
            f"completion tokens  {self.completion_tokens:>14,}  at most",
        ]
        if self.prices is None:
            return [*counts, "cost                      unknown  (set teacher.limits.prices)"]
        dollars = cost(self.prices, self.prompt_tokens, self.completion_tokens)
        costs = [f"cost               {dollars:>14,.2f}  dollars at most; {self.spent:,.2f} spent before"]
        if self.budget is not None and self.spent + dollars > self.budget:
            share = max(0.0, self.budget - self.spent) / dollars if dollars else 0.0
            costs.append(
                f"budget             {self.budget:>14,.2f}  dollars: the run ends before it is through, after "
                f"{share:.0%} of what is left where each answer costs as much as it may"
            )
        return [*counts, *costs]
