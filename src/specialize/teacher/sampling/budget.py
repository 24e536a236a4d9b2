"""The budget of a run: the highest possible cost of a request is reserved before it is sent."""

import asyncio

from specialize.core.errors import SpecializeError
from specialize.core.params.teacher import LimitsParams
from specialize.teacher.cost import cost


class BudgetError(SpecializeError):
    """The next request might pass the budget."""


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

        Waits while requests in flight may yet turn out cheaper. Raises BudgetError where none is in flight.
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
