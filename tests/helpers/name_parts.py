"""What names of acquisitions are made of."""

import datetime
import zlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from hypothesis import strategies as st

DATE = st.datetimes(datetime.datetime(1985, 1, 1), datetime.datetime(2030, 1, 1)).map(
    lambda date: date.replace(microsecond=0)
)
DAY = DATE.map(lambda date: date.replace(hour=0, minute=0, second=0))
MONTH = DAY.map(lambda date: date.replace(day=1))
MINUTE = DATE.map(lambda date: date.replace(second=0))
WELL = st.tuples(st.sampled_from(["A", "C", "P", "Z", "AF"]), st.integers(1, 48))
DOMAINS = {
    "row": st.sampled_from("ACHP"),
    "column": st.integers(1, 24),
    "well": WELL.map(lambda well: f"{well[0]}{well[1]:02d}"),
    "channel": st.sampled_from(["DAPI", "Alexa 488", "Bright Field", "mCherry-561"]),
    "date": DATE,
    "polarization": st.sampled_from(["vv", "vh"]),
    "variable": st.sampled_from(["ppt", "tmin", "tmax", "vpdmax"]),
    "month": st.integers(1, 12),
    "tile": st.sampled_from(["32TQM", "20LKP", "01GEL"]),
}
NUMBERS = st.integers(1, 30)


def stamps(cell):
    """Return what stands beside the axes in a name: a hash, and the stamp of processing."""
    number = zlib.crc32(repr(cell).encode())
    made = datetime.datetime(2031, 1, 1) + datetime.timedelta(seconds=number % 10**6)
    return {"hash": f"{number:08X}", "made": made, "n": number % 10**4}


class Names(NamedTuple):
    """What the names of a preset are made of."""

    axes: str
    template: str
    """How Python writes a name."""
    domains: Mapping[str, st.SearchStrategy] = {}
    """What an axis can be, where that is not what it is in most names."""
    others: Callable[[dict], dict] = stamps
    """What else stands in the name of a cell."""
