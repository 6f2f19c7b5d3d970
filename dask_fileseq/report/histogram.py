"""A histogram as SVG, with a logarithmic axis of counts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dask_fileseq.report.sheet import Contrast

__all__ = ["histogram"]

BINS = 64
WIDTH, HEIGHT = 256, 72


def histogram(images: Sequence[NDArray[Any]], contrast: Contrast, label: str) -> str:
    """Return the histogram of some images, with dashed lines at the values of black and white."""
    values = np.concatenate([image.ravel() for image in images]).astype(np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        return ""
    low, high = float(values.min()), float(values.max())
    span = high - low or 1.0
    counts, _ = np.histogram(values, BINS, (low, low + span))
    heights = np.log1p(counts) / np.log1p(counts.max()) * HEIGHT
    step = WIDTH / BINS
    bars = "".join(
        f"M{i * step:g} {HEIGHT}v{-height:.1f}h{step - 0.6:.1f}v{height:.1f}z"
        for i, height in enumerate(heights.tolist())
        if height
    )
    ends = ((value - low) / span * WIDTH for value in (contrast.low, contrast.high))
    lines = "".join(f"M{x:.1f} 0v{HEIGHT}" for x in ends)
    title = f"<figcaption>{escape(label)}</figcaption>" if label else ""
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="histogram of '
        f'{escape(label or "all")}"><path class="bars" d="{bars}"/>'
        f'<path class="window" d="{lines}"/></svg>'
        f'<div class="ends"><span>{low:.6g}</span><span>{high:.6g}</span></div>{title}</figure>'
    )
