"""Names by a random grammar are inferred right or refused, never silently wrong."""

import collections
import warnings

from hypothesis import HealthCheck, Phase, event, given, seed, settings

from dask_fileseq import GridWarning, NamesError, open_sequence
from tests.helpers.name_grammar import listings
from tests.helpers.name_truth import problem

LEAST_RIGHT = 0.85
SLOW = [HealthCheck.filter_too_much, HealthCheck.too_slow]
BATCH = settings(
    max_examples=300, database=None, phases=[Phase.generate], suppress_health_check=SLOW
)


def verdict(listing):
    """Return ``right`` or ``refused``; fails if axes are neither."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", GridWarning)  # of gaps
            seq = open_sequence(listing.names)
    except NamesError:
        return "refused"
    wrong = problem(seq, listing)
    assert not wrong, f"{seq.pattern}: {wrong}; names such as {listing.names[:4]}"
    return "right"


@settings(suppress_health_check=SLOW, derandomize=True)
@given(listings())
def test_inferred_axes_are_right_or_refused(listing):
    """An axis is lost, invented, misread or out of order, without a word."""
    event(verdict(listing))


def test_most_listings_are_not_refused():
    """Inference asks where names are evident."""
    counts = collections.Counter()

    @seed(11)
    @BATCH
    @given(listings())
    def count(listing):
        counts[verdict(listing)] += 1

    count()
    assert counts["right"] >= LEAST_RIGHT * counts.total()
