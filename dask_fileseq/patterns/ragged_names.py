"""Names whose labels have different numbers of words, aligned from both ends.

``t1_Bright_Field.tif`` and ``t1_DAPI.tif`` have the same words but for the label.
"""

from __future__ import annotations

import re
from collections.abc import Sequence


def aligned_columns(texts: Sequence[str], separator: re.Pattern[str]) -> list[list[str]]:
    """Return the words of texts and the separators between, by column; one column is the label.

    The shortest text has one word for the label. How many of its other words are before and
    behind the label is seen from the numbers of distinct texts: wrong splits make a grid of
    many more cells than there are texts. If each text has a stamp of its own, labels are those
    that repeat. The list is empty if no split makes a dense grid.

    >>> aligned_columns(["t1_a_b", "t1_c", "t2_a_b", "t2_c"], re.compile("(_)"))
    [['t1', 't1', 't2', 't2'], ['_', '_', '_', '_'], ['a_b', 'c', 'a_b', 'c']]
    """
    words = [separator.split(text) for text in texts]
    least = min(map(len, words))
    if least < 3:
        return []
    around = (least - 1) // 2
    splits = []
    for before in range(around + 1):
        columns = _around_label(words, before, around - before)
        if columns:
            labels = len(set(columns.pop(2 * before)))
            splits.append((labels * len(set(zip(*columns, strict=True))), labels, before))
    if not splits:
        return []
    size, labels, before = min(splits)
    stamped = all(cells == many * len(texts) for cells, many, _ in splits)
    is_dense = size <= 2 * len(texts) or (stamped and 2 * labels < len(texts))
    return _around_label(words, before, around - before) if is_dense else []


def _around_label(words: list[list[str]], before: int, behind: int) -> list[list[str]]:
    """Return the columns of words and separators around labels, empty if separators differ."""
    first, last = 2 * before, -2 * behind or None
    columns = [*zip(*(row[:first] for row in words), strict=True)] if first else []
    columns.append(tuple("".join(row[first:last]) for row in words))
    if last:
        columns += zip(*(row[last:] for row in words), strict=True)
    separators = columns[1:first:2] + columns[first + 1 :: 2]
    if any(len(set(column)) > 1 for column in separators) or "" in columns[first]:
        return []
    numbers = sum(not any(map(str.isalpha, text)) for text in columns[first])
    if 2 * numbers > len(words):
        return []
    return list(map(list, columns))
