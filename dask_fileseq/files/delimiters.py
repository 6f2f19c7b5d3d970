"""What is between the columns of tables in text files."""

from __future__ import annotations


def delimiter_of(line: str) -> str:
    """Return what is between the columns of a text table, by its first line.

    >>> [delimiter_of(line) for line in ("file,t", "file;t", "file")]
    [',', ';', ',']
    """
    return "\t" if "\t" in line else ";" if ";" in line and "," not in line else ","
