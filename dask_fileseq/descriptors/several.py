"""The descriptors of several folders, each with a part of the files, as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain

import numpy as np

from dask_fileseq.descriptors.descriptor import BadDescriptorError, Descriptor, Extra


def merged(parts: Mapping[str, Descriptor]) -> Descriptor:
    """Return the descriptors in some folders, by the folders' paths, as one above these."""
    folders, descriptors = list(parts), list(parts.values())
    first = descriptors[0]
    for folder, other in parts.items():
        if other.axes.keys() != first.axes.keys():
            raise BadDescriptorError(
                f"that in {folder!r} has axes {', '.join(other.axes)}, and that in "
                f"{folders[0]!r} {', '.join(first.axes)}"
            )
    places = [set(each.axes.get("position", ())) for each in descriptors]
    if places[0] and len(set.union(*places)) < sum(map(len, places)):  # all are the first one
        named = {"position": dict(enumerate(folders))}
        descriptors = [
            replace(
                each,
                axes={**each.axes, "position": [number] * len(each.files)},
                labels={**each.labels, **named},
            )
            for number, each in enumerate(descriptors)
        ]
        first = descriptors[0]
    names = set.intersection(*(set(each.extras) for each in descriptors))
    same = [
        s for s in first.pixel_sizes.items() if all(s in d.pixel_sizes.items() for d in descriptors)
    ]
    return replace(
        first,
        files=[
            f"{folder}/{f}"
            for folder, each in zip(folders, descriptors, strict=True)
            for f in each.files
        ],
        axes={dim: list(chain(*(each.axes[dim] for each in descriptors))) for dim in first.axes},
        labels={
            dim: {k: v for each in descriptors for k, v in each.labels.get(dim, {}).items()}
            for dim in first.labels
        },
        extras={
            name: Extra(
                np.concatenate([each.extras[name].values for each in descriptors]),
                first.extras[name].attrs,
            )
            for name in first.extras
            if name in names
        },
        pixel_sizes=dict(same),
        plate=first.plate if all(each.plate == first.plate for each in descriptors) else None,
        is_cut=any(each.is_cut for each in descriptors),
    )
