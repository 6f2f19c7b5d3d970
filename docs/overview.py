"""Draw the picture at the top of the README: ``python docs/overview.py``."""

import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from numpy.typing import NDArray

from dask_fileseq import FileSequence, open_sequence
from dask_fileseq.demo import contact_sheet, write_acquisition

PICTURE = Path(__file__).with_suffix(".png")
INK, EMPTY, FULL = "#1b2a3a", "#f2b0a6", "#3f7fbf"


def list_names(ax: Axes, seq: FileSequence) -> None:
    """Show names, as a file manager does."""
    names = [os.path.basename(name) for name in seq[:10]] + ["…", os.path.basename(seq[-1])]
    ax.set_title("a folder of files", color=INK)
    for line, name in enumerate(names):
        ax.text(0, 11.3 - line, name, family="monospace", fontsize=9, color=INK, va="center")
    ax.set(xlim=(0, 1), ylim=(-0.5, 12))
    ax.axis("off")


def show_grid(ax: Axes, seq: FileSequence) -> None:
    """Show the cells of the grid, the empty ones in another colour."""
    filled = np.ones(seq.shape, int)
    filled[tuple(np.transpose(seq.missing))] = 0
    times, channels, planes = seq.shape
    ax.pcolormesh(
        filled.reshape(times, -1)[::-1],
        cmap=ListedColormap([EMPTY, FULL]),
        edgecolors="white",
        lw=2,
    )
    ax.axvline(planes, color="white", lw=6)
    labels = [f"{seq.coords['channel'][c]}, z 0 to {planes - 1}" for c in range(channels)]
    ax.set_xticks([planes * (c + 0.5) for c in range(channels)], labels)
    ax.set_yticks(np.arange(times) + 0.5, [f"t {t}" for t in seq.coords["t"][::-1]])
    ax.tick_params(length=0, labelcolor=INK)
    ax.spines[:].set_visible(False)
    ax.set_title(str(seq.pattern), family="monospace", fontsize=10, color=INK)


def show_images(ax: Axes, projection: NDArray[np.uint16]) -> None:
    """Show three of the times, each channel and both."""
    ax.imshow(contact_sheet(projection[::2]))
    ax.set_title("array.max(axis=2).compute()", family="monospace", fontsize=10, color=INK)
    ax.axis("off")


def main() -> None:
    """Write an acquisition, open it, and draw what becomes of it."""
    with tempfile.TemporaryDirectory() as folder:
        seq = open_sequence(write_acquisition(folder))
        projection = seq.to_dask_array().max(axis=2).compute()
        fig, axes = plt.subplots(
            1, 3, figsize=(11, 3.9), dpi=80, layout="constrained", width_ratios=(1.1, 1.5, 1.6)
        )
        list_names(axes[0], seq)
        show_grid(axes[1], seq)
        show_images(axes[2], projection)
    fig.savefig(PICTURE, metadata={"Software": None}, pil_kwargs={"optimize": True})


if __name__ == "__main__":
    main()
