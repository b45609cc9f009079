"""What may be spent: money is reserved before a call and settled after it, so that calls at once cannot overshoot."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from db.errors import MemberFailed
from db.records import FailureReason


class Budget:
    """A cap on spending in USD, None for no cap. With a `parent`, money is taken from both.

    Used within one event loop. Spent plus reserved never exceeds the limit, as long as no call costs more than its
    bound; a call that does is counted in full. What was spent never shrinks.
    """

    def __init__(self, limit_usd: float | None, parent: Budget | None = None) -> None:
        self.limit_usd = limit_usd
        self.chain: tuple[Budget, ...] = (self, *(parent.chain if parent is not None else ()))
        self._spent = 0.0
        self._all_known = True
        self._in_flight: list[Reservation] = []
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def spent_usd(self) -> float:
        """What was spent so far."""
        return self._spent

    @property
    def cost_usd(self) -> float | None:
        """What was spent so far; None where the cost of a call is unknown, which counts as its bound in `spent_usd`."""
        return self._spent if self._all_known else None

    def _fits(self, bound_usd: float) -> bool:
        committed = self._spent + sum(reservation.bound_usd for reservation in self._in_flight)
        return self.limit_usd is None or committed + bound_usd <= self.limit_usd

    def _settle(self, reservation: Reservation) -> None:
        self._in_flight.remove(reservation)
        self._spent += reservation.cost_usd
        self._all_known = self._all_known and reservation.known
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def _settlement(self) -> None:
        """Wait until a call settles."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)


class Reservation:
    """Money set aside for a call in flight."""

    def __init__(self, bound_usd: float) -> None:
        self.bound_usd = bound_usd
        self._cost_usd = bound_usd
        self.known = False

    @property
    def cost_usd(self) -> float:
        """What the call cost: all that was set aside, until more is known."""
        return self._cost_usd

    def settle(self, cost_usd: float) -> None:
        """Say what the call cost. Raises ValueError for what is no cost, and then all that was set aside counts."""
        if not 0.0 <= cost_usd < math.inf:
            raise ValueError(f"a call cannot cost ${cost_usd}")
        self._cost_usd = cost_usd
        self.known = True


def together(*budgets: Budget | None) -> tuple[Budget, ...]:
    """These budgets and all their parents, each once."""
    return tuple(dict.fromkeys(one for budget in budgets if budget is not None for one in budget.chain))


@asynccontextmanager
async def reserved(budgets: Sequence[Budget], bound_usd: float) -> AsyncIterator[Reservation]:
    """Money for a call that costs at most `bound_usd`, set aside in all `budgets` at once and settled on exit.

    Where it does not fit, it waits for calls in flight, which may settle for less. Raises MemberFailed(reason=budget)
    when it does not fit and nothing is in flight.
    """
    while (full := next((one for one in budgets if not one._fits(bound_usd)), None)) is not None:
        if not full._in_flight:
            raise MemberFailed(
                f"the budget of ${full.limit_usd:.4f} has ${full.spent_usd:.4f} spent and the next call may cost "
                f"${bound_usd:.4f}: raise the budget",
                reason=FailureReason.BUDGET,
            )
        await full._settlement()
    reservation = Reservation(bound_usd)
    for budget in budgets:
        budget._in_flight.append(reservation)
    try:
        yield reservation
    finally:
        for budget in budgets:
            budget._settle(reservation)
