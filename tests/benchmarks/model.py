"""What a benchmark case is, and what one run of it measured: plain values, nothing runs here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal, Protocol

__all__ = [
    "AtMost",
    "Case",
    "CaseResult",
    "Contender",
    "Data",
    "Faster",
    "Measured",
    "Net",
    "Probe",
]

Kind = Literal["this", "peer", "limit"]


def same(value: Any) -> Any:
    """Return what is given."""
    return value


class Data(Protocol):
    """What the contenders of a case work on."""

    def __len__(self) -> int:
        """Return the number of items, by which times are divided."""

    def first(self, count: int) -> Data:
        """Return the first items only."""


@dataclass(frozen=True)
class Contender:
    """One way to do what a case asks for."""

    name: str
    kind: Kind
    """This project, a peer, or a lower limit that nobody can beat (a raw read)."""
    open: Callable[[Any], Any]
    """What comes before pixels are read: ``open(data) -> opened``. Timed, and also apart."""
    read: Callable[[Any], Any] = same
    """``read(opened) -> value``."""
    value: Callable[[Any], Any] = same
    """Makes of what `read` gave the value to compare; not timed."""
    needs: tuple[str, ...] = ()
    """Modules that must be there."""
    most: int | None = None
    """How many items it gets at most, where it is slow; and never over a quarter of all."""
    once: bool = False
    """Whether opening is preparation that does not count."""
    compared: bool = True
    """Whether its value must be the expected one."""


@dataclass(frozen=True)
class Net:
    """A measurement that is the difference of two, repeat by repeat."""

    name: str
    of: str
    less: str


@dataclass(frozen=True)
class Probe:
    """Quantities other than time in this process: peak memory, task counts, sizes."""

    run: Callable[[Any], Mapping[str, float]]
    """``run(data) -> {quantity: number}``."""
    once: bool = False
    """Whether it gives the same each time; others run half as often as contenders."""


@dataclass(frozen=True)
class Faster:
    """A threshold: `who` takes at most 1 / `times` of the time of the best of `than`."""

    who: str
    than: tuple[str, ...]
    times: float
    label: str

    @property
    def needed(self) -> str:
        """The threshold as text."""
        return f">= {self.times:g}x"

    def measured(self, found: Mapping[str, Measured]) -> tuple[float, float, float] | None:
        """Return the ratio of medians, and least and greatest ratio within one repeat."""
        who = found.get(self.who)
        others = [found[name] for name in self.than if name in found and found[name].values]
        if who is None or not who.values or not others:
            return None
        each = [
            min(values) / mine
            for mine, *values in zip(who.each, *(other.each for other in others), strict=False)
        ]
        ratio = min(median(other.each) for other in others) / median(who.each)
        return ratio, min(each), max(each)

    def met(self, ratio: float) -> bool:
        """Return whether the threshold is reached."""
        return ratio >= self.times

    def shown(self, ratio: float) -> str:
        """Return a ratio as text."""
        return f"{ratio:.3g}x"


@dataclass(frozen=True)
class AtMost:
    """A threshold: a quantity, or the seconds that an item takes, is at most a limit."""

    what: str
    limit: float
    label: str
    unit: str = ""

    @property
    def needed(self) -> str:
        """The threshold as text."""
        return f"<= {self.shown(self.limit)}"

    def measured(self, found: Mapping[str, Measured]) -> tuple[float, float, float] | None:
        """Return the quantity, or seconds an item: median, least and greatest."""
        what = found.get(self.what)
        if what is None or not what.values:
            return None
        return median(what.each), min(what.each), max(what.each)

    def met(self, value: float) -> bool:
        """Return whether the threshold is kept."""
        return value <= self.limit

    def shown(self, value: float) -> str:
        """Return a quantity as text."""
        return f"{value:.4g} {self.unit}".strip()


@dataclass(frozen=True)
class Case:
    """One row of the comparison: data, those who work on it, and what must come out."""

    name: str
    title: str
    make: Callable[[str, int], Data]
    """``make(folder, count) -> data``: makes it, or takes what is there."""
    count: int
    quick: int
    """Number of items in quick mode."""
    contenders: Sequence[Contender] = ()
    expected: Callable[[Any], Any] | None = None
    """``expected(data)``: the value that all must give."""
    goals: Sequence[Faster | AtMost] = ()
    nets: Sequence[Net] = ()
    probes: Sequence[Probe] = ()
    around: Callable[[], AbstractContextManager[Any]] = nullcontext
    """A context for all of the runs, such as a cluster."""
    repeats: int | None = None
    """How many repeats at most, where one takes long."""
    item: str = "file"


@dataclass
class Measured:
    """What the repeats of one contender or probe gave."""

    name: str
    kind: Kind | Literal["quantity"]
    items: int = 1
    values: list[float] = field(default_factory=list)
    """Seconds in all of each repeat; or a quantity."""
    opening: list[float] = field(default_factory=list)
    """Seconds of these before pixels are read."""
    cpu: list[float] = field(default_factory=list)
    """Seconds of CPU time of this process, in all of each repeat."""
    state: str = "ok"
    """Why there are no values: ``not installed``, ``fails: ...``, ``another result: ...``."""

    @property
    def each(self) -> list[float]:
        """Seconds an item."""
        return [value / self.items for value in self.values]


@dataclass
class CaseResult:
    """What one run of a case found."""

    case: Case
    count: int
    measured: dict[str, Measured]
    seconds: float
    """How long all of it took."""

    @property
    def wrong(self) -> list[Measured]:
        """Ways of this project that failed or gave another result."""
        return [m for m in self.measured.values() if m.kind == "this" and m.state != "ok"]
