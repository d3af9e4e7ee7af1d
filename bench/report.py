"""Figures and their targets: what a benchmark hands back, and how it is printed."""

import dataclasses
import statistics


@dataclasses.dataclass
class Figure:
    """One measured number. `limit`: the most it may be (or the least, when `at_least`); None is for information."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False
    peer: str = ""  # what it was measured against, in the same run

    @property
    def met(self) -> bool:
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def line(self) -> str:
        sign = ">=" if self.at_least else "<="
        target = f"{sign} {self.limit:g} {self.unit}" if self.limit is not None else ""
        verdict = "" if self.limit is None else ("ok" if self.met else "MISSED")
        return f"  {self.name:<46} {self.value:>10.3f} {self.unit:<6} {target:<16} {verdict:<7} {self.peer}".rstrip()


def percentile(values: list[float], fraction: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * fraction))]


def geometric_mean(values: list[float]) -> float:
    return statistics.geometric_mean(values)
