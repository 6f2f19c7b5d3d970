"""Values of JSON that identify objects in any process: readers, their arguments, functions."""

from __future__ import annotations

import copyreg
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from inspect import getattr_static
from operator import itemgetter
from types import CellType, CodeType
from typing import Any

import numpy as np
from dask.base import tokenize

PLAIN = (str, int, float, type(None))
TOKENS = (np.ndarray, np.generic, bytes, set, frozenset)
BOUND = ("__self__", "__defaults__", "__kwdefaults__")

DEPTH = 64
"""Levels of values in values that are looked at; each object in another one takes three."""

FUNCTIONS = 8
"""Levels of functions in functions that are looked at."""


def stable_value(value: Any, depth: int = DEPTH, found: dict[int, Any] | None = None) -> Any:
    """Return a value of JSON that identifies a reader or its arguments in any process.

    A function is identified by its name and by the values bound to it, not by its code;
    any other object by the parts that it is pickled as. What is `found` again, by its identity,
    is its number.
    """
    if isinstance(value, PLAIN):
        return value
    if not depth:
        return type(value).__qualname__
    found = {} if found is None else found

    def inside(values: Iterable[Any]) -> list[Any]:
        return [stable_value(each, depth - 1, found) for each in values]

    if id(value) in found:
        return ["again", found[id(value)][0]]
    if not isinstance(value, (tuple, *TOKENS)):
        found[id(value)] = len(found), value  # kept, so that no other value gets its id
    if isinstance(value, Mapping):
        return inside(sorted(([repr(key), each] for key, each in value.items()), key=itemgetter(0)))
    if isinstance(value, list | tuple):
        return inside(value)
    if isinstance(value, TOKENS):
        return tokenize(value)
    if name := getattr(value, "__qualname__", None):
        bound = [getattr(value, each, None) for each in BOUND]
        cells = getattr(value, "__closure__", None) or ()
        filled = [cell.cell_contents for cell in cells if cell != CellType()]
        return [value.__module__, name, *inside(bound), *inside(filled)]
    try:
        reduce = copyreg.dispatch_table.get(type(value))
        made = reduce(value) if reduce else value.__reduce_ex__(4)
    except Exception:  # it cannot be pickled
        return type(value).__qualname__
    if isinstance(made, str):
        return made
    return inside(list(part) if isinstance(part, Iterator) else part for part in made)


def digest_of(value: Any) -> str:
    """Return a digest of a value of JSON."""
    text = json.dumps(value, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def code_of(function: Any, depth: int = FUNCTIONS) -> Any:
    """Return a value of JSON that changes with the code of a function, and of those inside it.

    It is that of the functions that it is a partial of, wraps, or has in its closure, not of
    those that it finds by name.

    >>> code_of(lambda x: x + 1) == code_of(lambda x: x + 1), code_of(abs)
    (True, None)
    >>> code_of(lambda x: x + 1) == code_of(lambda x: x + 2)
    False
    """
    if not depth:
        return None
    cells = getattr(function, "__closure__", None) or ()
    inside = [cell.cell_contents for cell in cells if cell != CellType()]
    inside += [getattr(function, name, None) for name in ("func", "__wrapped__", "__func__")]
    code = getattr(function, "__code__", None)
    if code is None and not isinstance(function, type):
        code = getattr(getattr_static(type(function), "__call__", None), "__code__", None)
    found = [code_of(each, depth - 1) for each in inside if callable(each)]
    own = _bytecode(code) if isinstance(code, CodeType) else None
    return [own, *found] if found else own


def _bytecode(code: CodeType) -> list[Any]:
    return [code.co_code.hex(), code.co_names, list(map(_constant, code.co_consts))]


def _constant(value: Any) -> Any:
    if isinstance(value, CodeType):
        return _bytecode(value)
    # the order of a set is another one in each process
    return sorted(map(repr, value)) if isinstance(value, frozenset) else repr(value)
