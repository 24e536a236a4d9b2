"""The budget is never passed, and the estimate says what is left to pay."""

import asyncio

import pytest

from specialize.core.params.teacher import LimitsParams, Prices
from specialize.teacher.cost import Estimate
from specialize.teacher.sampling.budget import Budget, BudgetError


def test_a_budget_is_not_passed() -> None:
    limits = LimitsParams.model_validate({"budget": 10, "prices": {"prompt": 1e6, "completion": 1e6}})

    async def run() -> list[str]:
        budget, told = Budget(limits, spent=3), []
        first = await budget.reserve(2, 2)
        second = asyncio.create_task(budget.reserve(2, 2))  # 3 + 4 + 4 > 10: waits for the first
        await asyncio.sleep(0)
        told.append(str(second.done()))
        budget.settle(first, 1)
        second_cost = await second
        budget.settle(second_cost, 4)
        told.append(f"{budget.spent}")
        with pytest.raises(BudgetError, match=r"budget of 10\.00 .* raise teacher\.limits\.budget"):
            await budget.reserve(3, 0)
        return told

    assert asyncio.run(run()) == ["False", "8"]


def test_estimate_lines() -> None:
    prices = LimitsParams.model_validate({"prices": {"prompt": 2, "completion": 4}}).prices
    told = "\n".join(Estimate(100, 40, 6, 500_000, 250_000, prices, 1.5).lines())
    assert "2.00  dollars at most; 1.50 spent before" in told
    assert "unknown" in "\n".join(Estimate(1, 0, 1, 1, 1, None, 0).lines())


def test_what_rounding_leaves_is_not_waited_for() -> None:
    async def play() -> None:
        limits = LimitsParams(budget=1e6, prices=Prices(prompt=0, completion=1))
        budget = Budget(limits, spent=1e6 - 0.9)
        kept = [await budget.reserve(0, tokens) for tokens in (100_000, 200_000, 300_000)]
        budget.reserved += 1e-9  # as after a great many sums
        for dollars in kept:
            budget.settle(dollars, 0.0)
        with pytest.raises(BudgetError):
            await asyncio.wait_for(budget.reserve(0, 1_000_000), 5)

    asyncio.run(play())
