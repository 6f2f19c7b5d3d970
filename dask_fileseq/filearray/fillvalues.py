"""The value of pixels without a file: what ``fillvalue=`` means for the files at hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dask_fileseq.errors import check_choice


def resolved_fillvalue(fillvalue: ArrayLike | None, dtype: np.dtype[Any], nodata: Any) -> Any:
    """Return the value of pixels without a file, as a scalar of the array's data type.

    Parameters
    ----------
    fillvalue : scalar, {"auto", "nodata", "nan"} or None
        A value; the nodata value of the first file, if it declares one (``"auto"``) or in any
        case (``"nodata"``); NaN, which makes floats of integers; or None for zero.
    dtype : dtype
        Data type of the pixels in the files.
    nodata : scalar or None
        The nodata value that the header of the first file declares, if any.

    Raises
    ------
    ValueError
        If `dtype` cannot represent the value, or no nodata value is declared.

    Examples
    --------
    >>> resolved_fillvalue("nan", np.dtype("u2"), None)
    np.float32(nan)
    >>> resolved_fillvalue("auto", np.dtype("i2"), -999)
    np.int16(-999)
    """
    if not isinstance(fillvalue, str):
        return checked_fillvalue(fillvalue, dtype)
    check_choice("fillvalue", fillvalue, "auto", "nodata", "nan")
    if fillvalue == "nan":
        return float_dtype(dtype).type("nan")
    if nodata is None and fillvalue == "nodata":
        raise ValueError(
            "fillvalue='nodata': the first file declares no nodata value; give a number, or 'nan'"
        )
    return checked_fillvalue(nodata, dtype)


def float_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the data type with NaN that holds the values of another one.

    >>> float_dtype(np.dtype("u2")), float_dtype(np.dtype("i4")), float_dtype(np.dtype("f2"))
    (dtype('float32'), dtype('float64'), dtype('float16'))
    """
    if dtype.kind in "fc":
        return dtype
    if dtype.kind not in "biu":
        raise ValueError(f"fillvalue='nan': there is no NaN for pixels of dtype {dtype}")
    return np.dtype(np.float32 if dtype.itemsize <= 2 else np.float64)


def checked_fillvalue(
    fillvalue: ArrayLike | None, dtype: np.dtype[Any], argument: str = "fillvalue"
) -> Any:
    """Return `fillvalue`, which is the value of `argument`, as a scalar of `dtype`; zero for None.

    Raises
    ------
    ValueError
        If `dtype` cannot represent it.

    Examples
    --------
    >>> checked_fillvalue(7, np.dtype("u1"))
    np.uint8(7)
    """
    if fillvalue is None:
        return np.zeros((), dtype)[()]
    value = np.asarray(fillvalue)
    with np.errstate(invalid="ignore", over="ignore"):
        try:
            cast = value.astype(dtype)
            if dtype.kind in "fc":  # a rounded value is good enough, an overflown one is not
                fits = np.can_cast(value.dtype, dtype, "same_kind")
                fits = fits and np.isfinite(cast) == np.isfinite(value)
            else:
                fits = cast == value or bool(value != value and cast != cast)
        except (TypeError, ValueError, OverflowError):
            fits = False
    if value.ndim or not fits:
        message = f"{argument}={fillvalue!r} is not a value of dtype {dtype}"
        is_nan = argument == "fillvalue" and not value.ndim and bool(value != value)
        raise ValueError(message + ("; fillvalue='nan' makes floats of them" if is_nan else ""))
    return cast[()]
