"""Dates, durations, months and numbers in the fields of format strings."""

import datetime
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq.errors import NamesError
from dask_fileseq.grid import grid_of_pattern
from dask_fileseq.patterns import as_pattern
from dask_fileseq.patterns.date_formats import moments


def values_of(names, pattern, dim, **kwargs):
    """Return the values of an axis, and check that the pattern's own text finds the same."""
    grid = grid_of_pattern(names, pattern, **kwargs)
    again = grid_of_pattern(names, str(grid.pattern), **kwargs)
    assert again.coords[dim].tolist() == grid.coords[dim].tolist()
    assert as_pattern(str(grid.pattern)) == grid.pattern
    return grid.coords[dim]


@pytest.mark.parametrize(
    ("pattern", "names", "expected"),
    [
        ("{t:%Y%m%d}.tif", ["20200229.tif"], ["2020-02-29"]),
        ("A{t:%Y%j}.tif", ["A2019363.tif", "A2019364.tif"], ["2019-12-29", "2019-12-30"]),
        ("{t:%Y/%j}.tif", ["2020/366.tif"], ["2020-12-31"]),
        ("{t:%d%m%Y}.tif", ["14012023.tif"], ["2023-01-14"]),
        ("{t:%Y-%m}.tif", ["2019-12.tif", "2020-01.tif"], ["2019-12-01", "2020-01-01"]),
        ("{t:%y%m%d}.tif", ["681231.tif", "690101.tif"], ["1969-01-01", "2068-12-31"]),
        ("{t:%d%b%Y}.tif", ["01Jan2021.tif", "02FEB2021.tif"], ["2021-01-01", "2021-02-02"]),
        ("{t:%B_%Y}.tif", ["March_2021.tif", "june_2020.tif"], ["2020-06-01", "2021-03-01"]),
        ("{t:%j}.tif", ["001.tif", "366.tif"], ["1904-01-01", "1904-12-31"]),
        ("{t:%m%d}.tif", ["0101.tif", "1231.tif"], ["1900-01-01", "1900-12-31"]),
        ("{t:%m%d}.tif", ["0229.tif"], ["1904-02-29"]),
        ("{t:%Y-%-m-%-d}.tif", ["2020-7-3.tif", "2020-10-12.tif"], ["2020-07-03", "2020-10-12"]),
        (
            "{t:%Y%m%d %I.%M %p}.tif",
            ["20200101 12.05 AM.tif", "20200101 12.05 pm.tif", "20200101 01.05 PM.tif"],
            ["2020-01-01T00:05", "2020-01-01T12:05", "2020-01-01T13:05"],
        ),
        ("{t:%Y%jT%H%M%S}.tif", ["2020191T172901.tif"], ["2020-07-09T17:29:01"]),
        ("{t:%Y%m%d%H%M%S%f}.tif", ["20200101000000123.tif"], ["2020-01-01T00:00:00.123"]),
        ("{t:%Y}/{t:%m%d}.tif", ["2020/0229.tif"], ["2020-02-29"]),
        ("{t:%Y}/{t:%Y%m}.tif", ["2020/202002.tif"], ["2020-02-01"]),
        ("{t:%Y-%m-%d}/a_{t:%H_%M}.tif", ["2020-02-03/a_04_05.tif"], ["2020-02-03T04:05"]),
        ("{t:%Y}/{t:%b}/{t:%d}/{t:%Y}.tif", ["2020/Feb/03/2020.tif"], ["2020-02-03"]),
    ],
)
def test_dates_of_many_forms(pattern, names, expected):
    """A date of some form is a number, a word, another date, or an error."""
    found = values_of(names, pattern, "t")
    assert found.dtype == "M8[ns]"
    assert found.tolist() == np.array(expected, "M8[ns]").tolist()


@pytest.mark.parametrize(
    ("pattern", "names", "minutes"),
    [
        ("{t:%dd%Hh%Mm}.tif", ["00d00h00m.tif", "06d12h05m.tif"], [0, 9365]),
        ("{t:%dd%Hh%Mm}.tif", ["100d1h5m.tif"], [144065]),
        ("{t:%Hh%Mm}.tif", ["00h15m.tif", "100h15m.tif"], [15, 6015]),
        ("{t:%H_%M_%S}.tif", ["00_01_30.tif", "23_00_00.tif"], [1.5, 1380]),
        ("t{t:%H%M}.tif", ["t0015.tif", "t2359.tif"], [15, 1439]),
        ("{t:%Ss}.tif", ["90s.tif", "120s.tif"], [1.5, 2]),
        ("{t:%S.%f}.tif", ["30.50.tif"], [0.508_333_333_333_333_3]),
        ("day{t:%d}/{t:%H}.tif", ["day1/06.tif", "day12/00.tif"], [1800, 17280]),
        ("{t:%I%p}.tif", ["12AM.tif", "01PM.tif"], [0, 780]),
    ],
)
def test_durations(pattern, names, minutes):
    """Without a year, a time of a clock is in 1900, and the days of an experiment are too."""
    found = values_of(names, pattern, "t")
    assert found.dtype == "m8[ns]"
    assert (found / np.timedelta64(1, "m")).tolist() == minutes


@pytest.mark.parametrize(
    ("pattern", "name", "message"),
    [
        ("{t:%Y%m%d}.tif", "20201340.tif", "axis 't' has '20201340', which is no date '%Y%m%d'"),
        ("{t:%Y%j}.tif", "2019366.tif", "axis 't' has '2019366', which is no date '%Y%j'"),
        ("{t:%Y%m%d%H}.tif", "2020010124.tif", "which is no date"),
        ("{t:%Y}/{t:%Y%m}.tif", "2020/202101.tif", "'2020 202101', which is no date '%Y %Y%m'"),
        ("{t:%Y%j%m%d}.tif", "20200320202.tif", "which is no date"),
        ("{t:%Y%m%d}.tif", "15000101.tif", "dates must be between 1678"),
        ("{t:%Hh%Mm}.tif", "01h60m.tif", "'01h60m', which is no duration '%Hh%Mm'"),
        ("{t:%dd}.tif", f"{10**30}d.tif", "which is no duration"),
    ],
)
def test_what_is_no_date(pattern, name, message):
    """A date that no calendar has becomes another one, or an obscure error."""
    with pytest.raises(NamesError, match=re.escape(message)):
        grid_of_pattern([name], pattern)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{t:%Q}", "'%Q' in a date: only %Y"),
        ("{t:%%}", "a date '%%' of nothing"),
        ("{t:%", "single"),
    ],
)
def test_malformed_dates(pattern, message):
    """A slip in a date matches nothing, or fails when it is read."""
    with pytest.raises(NamesError, match=re.escape(message)):
        as_pattern(pattern)


FORMS = (
    *("%Y%m%d", "%Y-%m-%d", "%d.%m.%Y", "%Y%j", "%y%m%d", "%b %d, %Y", "%d-%B-%Y"),
    *("%Y/%m/%d", "%Y%m%dT%H%M%S", "%Y-%m-%d_%H-%M-%S.%f", "%I.%M.%S%p_%y%j", "%Y%m%d%H%M%S%f"),
)


@given(
    st.lists(
        st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(2068, 12, 31)), min_size=1
    ),
    st.sampled_from(FORMS),
)
def test_dates_are_those_of_strptime(dates, form):
    """A date is read otherwise than Python reads it."""
    texts = [date.strftime(form) for date in dates]
    expected = [datetime.datetime.strptime(text, form) for text in texts]
    assert moments(texts, form).astype("M8[us]").tolist() == expected
    names = [f"x_{text}.tif" for text in texts]
    found = values_of(names, f"x_{{t:{form}}}.tif", "t", duplicates="last")
    assert found.astype("M8[us]").tolist() == sorted(set(expected))


@given(
    st.lists(st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2060, 1, 1))),
    st.sampled_from(["%Y-%m-%d", "%d %b %Y", "%Y%j", "%y/%m/%d"]),
    st.sampled_from(["%H%M%S", "%H_%M_%S.%f", "%I-%M-%S %p"]),
)
def test_dates_in_two_places(dates, day, clock):
    """Two parts of a date are two axes, or are joined with those of another name."""
    dates = [datetime.datetime(2000, 2, 29, 12), *dates]
    names = [f"{date.strftime(day)}/c_{date.strftime(clock)}.tif" for date in dates]
    pattern = f"{{t:{day}}}/c_{{t:{clock}}}.tif"
    found = values_of(names, pattern, "t", duplicates="last").astype("M8[us]").tolist()
    parsed = [datetime.datetime.strptime(n[:-4], f"{day}/c_{clock}") for n in names]
    assert found == sorted(set(parsed))
    (dims, texts) = as_pattern(pattern).match(names[0])
    assert (dims, len(texts)) == (("t",), 1)


def test_months_are_in_the_order_of_the_calendar():
    """February comes before January, or May is a channel."""
    names = [f"{month}_mean.tif" for month in ("Feb", "Apr", "Jan", "September", "sept", "May")]
    found = values_of(names, "{month:%b}_mean.tif", "month")
    assert found.tolist() == ["Jan", "Feb", "Apr", "May", "September", "sept"]
    with pytest.raises(NamesError, match="does not match 1 of 7"):
        grid_of_pattern([*names, "all_mean.tif"], "{month:%B}_mean.tif")


@pytest.mark.parametrize(
    ("spec", "texts", "expected"),
    [
        ("f_", ["000_300", "000_600", "010_000"], [0.3, 0.6, 10.0]),
        ("fp", ["1p5", "2p0", "3", "-0p5"], [-0.5, 1.5, 2.0, 3.0]),
        ("f-", ["1-5", "-1-5"], [-1.5, 1.5]),
        ("f,", ["0,25", "1,5"], [0.25, 1.5]),
        ("f", ["000.300", "1e-1"], [0.1, 0.3]),
    ],
)
def test_decimal_marks(spec, texts, expected):
    """A number with another mark is two numbers, or loses its digits."""
    names = [f"z{text}_GFP.tif" for text in texts]
    found = values_of(names, f"z{{z:{spec}}}_{{c}}.tif", "z")
    assert (found.dtype, found.tolist()) == (np.float64, expected)


def test_wells_of_large_plates():
    """AA01 is between A24 and B01, or b2 after AA01."""
    wells = ["A1", "A24", "B01", "Z48", "AA01", "AA2", "AB01", "AF48"]
    names = [f"{well}.tif" for well in reversed(wells)]
    assert values_of(names, "{well}.tif", "well").tolist() == wells
    assert values_of(names, "{well}.tif", "well", spacing="step").tolist() == wells
    lower = ["z01.tif", "aa01.tif", "b2.tif"]
    assert values_of(lower, "{well}.tif", "well").tolist() == ["b2", "z01", "aa01"]
    rows = [f"r{row}.tif" for row in ("AA", "Z", "B", "AF")]
    assert values_of(rows, "r{row}.tif", "row").tolist() == ["B", "Z", "AA", "AF"]
    assert values_of(rows, "r{gene}.tif", "gene").tolist() == ["AA", "AF", "B", "Z"]
    other = [f"{word}.tif" for word in ("B1", "AA1", "AX1")]
    assert values_of(other, "{word}.tif", "word").tolist() == ["AA1", "AX1", "B1"]


@given(
    st.lists(st.integers(0, 400 * 86400), min_size=1, unique=True),
    st.sampled_from(
        [
            ("{t:%dd%Hh%Mm%Ss}", "{d:02d}d{h:02d}h{m:02d}m{s:02d}s"),
            ("{t:%dd%Hh%Mm%Ss}", "{d}d{h}h{m}m{s}s"),
            ("{t:%d}/x_{t:%H-%M-%S}", "{d}/x_{h:02d}-{m:02d}-{s:02d}"),
            ("{t:%H_%M_%S}", "{hours:03d}_{m:02d}_{s:02d}"),
            ("{t:%Hh%M%S}_{}", "{hours}h{m:02d}{s:02d}_x"),
            ("t{t:%S}s", "t{seconds:05d}s"),
        ]
    ),
)
def test_durations_of_many_forms(seconds, forms):
    """A duration is read as another one, or as two."""
    pattern, template = forms
    names = [
        template.format(
            seconds=n, hours=n // 3600, d=n // 86400, h=n // 3600 % 24, m=n // 60 % 60, s=n % 60
        )
        for n in seconds
    ]
    found = values_of(names, pattern, "t")
    assert (found / np.timedelta64(1, "s")).tolist() == sorted(seconds)


@given(
    st.lists(st.decimals(-999, 999, places=2), min_size=1, unique=True),
    st.sampled_from("_p-,"),
    st.sampled_from(["z{z:f%s}.tif", "{z:f%s}um_{t:d}.tif"]),
)
def test_decimal_marks_of_many_numbers(numbers, mark, template):
    """A digit or a sign is lost."""
    numbers = list({number + 0 for number in numbers})
    texts = [f"{number:.2f}".replace(".", mark) for number in numbers]
    names = [template.replace("{t:d}", "7").replace("{z:f%s}", text) for text in texts]
    found = values_of(names, template % mark, "z")
    assert found.tolist() == sorted(map(float, numbers))
