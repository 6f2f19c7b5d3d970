"""Histograms of the pictures of channels, as paths and labels of SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from dask_fileseq.report.sheet import Sheet

BINS, WIDTH, HEIGHT = 64, 256, 96
"""Number of bars, and the size of the space for them."""

BELOW, DIGIT = 30, 6
"""Space for labels below the bars, and width of a letter of those left of them."""


def histograms(sheet: Sheet) -> Iterator[dict[str, Any]]:
    """Yield for each channel the paths of bars, and of dashed lines at black and white.

    Heights are logarithms of numbers of pixels. ``across`` and ``down`` are the places and the
    labels of ticks.
    """
    for channel, (label, contrasts) in enumerate(zip(sheet.channels, sheet.contrasts, strict=True)):
        values = np.concatenate([np.zeros(0), *(x.ravel() for x in sheet.images(channel))])
        values = values[np.isfinite(values)]
        if not values.size:
            continue
        low, high = float(values.min()), float(values.max())
        span = high - low
        if not math.isfinite(span):
            continue
        if span <= 1e-9 * max(abs(low), abs(high)):  # too little for 64 different values
            half = 0.5 if low == high else span * 1e6
            low, high = low - half, high + half
        counts, _ = np.histogram(values, BINS, (low, high))
        top = np.log1p(counts.max())
        heights = np.log1p(counts) / top * HEIGHT
        step = WIDTH / BINS
        bars = [
            f"M{i * step:g} {HEIGHT}v{-height:.1f}h{step - 0.6:.1f}v{height:.1f}z"
            for i, height in enumerate(heights.tolist())
            if height
        ]

        def place(value: float, low: float = low, high: float = high) -> float:
            return round((value - low) / (high - low) * WIDTH, 1)

        powers = [10**power for power in range(math.ceil(math.log10(counts.max() + 1)))]
        yield {
            "label": label,
            "bars": "".join(bars),
            "window": "".join(
                f"M{place(value)} 0v{HEIGHT}"
                for contrast in contrasts.by_kind.values()
                for value in (contrast.low, contrast.high)
                if low <= value <= high
            ),
            "across": [(place(value), f"{value:,.6g}") for value in nice_values(low, high)],
            "down": [
                (round(HEIGHT - float(np.log1p(power) / top) * HEIGHT, 1), f"{power:,}")
                for power in powers[:: 1 + len(powers) // 5]
            ],
        }


def room_for_labels(drawn: Sequence[Mapping[str, Any]]) -> int:
    """Return the space that the longest label left of any bars needs.

    >>> room_for_labels([{"down": [(90, "1"), (0, "1,000,000")]}])
    64
    """
    return 10 + DIGIT * max((len(text) for each in drawn for _, text in each["down"]), default=0)


def nice_values(low: float, high: float, most: int = 5) -> list[float]:
    """Return round values between two others: multiples of 1, 2 or 5 times a power of ten.

    >>> nice_values(56, 2435), nice_values(0.1, 0.35)
    ([500.0, 1000.0, 1500.0, 2000.0], [0.1, 0.15, 0.2, 0.25, 0.3, 0.35])
    """
    exact = (high - low) / most
    power = 10.0 ** math.floor(math.log10(exact))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= exact * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]
