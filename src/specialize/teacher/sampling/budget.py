"""Money: what a run will cost, what it has cost, and a bound that is never passed."""

import asyncio
from dataclasses import dataclass

from specialize.core.errors import SpecializeError
from specialize.core.params.teacher import LimitsParams, Prices

MILLION = 1_000_000


class BudgetError(SpecializeError):
    """The next request might pass the budget."""


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


class Budget:
    """Keeps a run from passing its budget: room for the dearest answer is kept free before a request leaves."""

    def __init__(self, limits: LimitsParams, spent: float) -> None:
        """`spent`: dollars that the samples in the cache cost."""
        self.prices, self.bound, self.spent = limits.prices, limits.budget, spent
        self.reserved = 0.0
        self.in_flight = 0
        self.settled = asyncio.Event()

    async def reserve(self, prompt_bound: int, completion_bound: int) -> float:
        """Keep room for a request of so many tokens and return its dollars.

        Waits while requests in flight may yet turn out cheaper. Raises BudgetError where there is no phase at all.
        """
        dollars = cost(self.prices, prompt_bound, completion_bound)
        while self.bound is not None and self.spent + self.reserved + dollars > self.bound:
            if not self.in_flight:
                raise BudgetError(
                    f"the budget of {self.bound:,.2f} dollars leaves no room for another request: "
                    f"{self.spent:,.4f} are spent and the next may cost {dollars:,.4f}. What was received is kept; "
                    "raise teacher.limits.budget and run the same command again"
                )
            self.settled.clear()
            await self.settled.wait()
        self.reserved += dollars
        self.in_flight += 1
        return dollars

    def settle(self, reserved: float, spent: float) -> None:
        """Put what a request cost in the place of what was kept for it."""
        self.in_flight -= 1
        # What rounding leaves of many sums would look like a request in flight, and be waited for in vain.
        self.reserved = max(0.0, self.reserved - reserved) if self.in_flight else 0.0
        self.spent += spent
        self.settled.set()
