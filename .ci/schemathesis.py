"""What schemathesis can't know of openapi.json by itself: SCHEMATHESIS_HOOKS names this file."""

import schemathesis
from hypothesis import strategies as st

# A lifetime is within what a deployment allows, which a pattern can't say: here 30 days.
_SECONDS = st.integers(1, 30 * 24 * 60 * 60 - 1)
_FRACTIONS = st.one_of(st.just(""), st.from_regex(r"\A[.][0-9]{1,9}\Z"))

schemathesis.openapi.format("seconds", st.builds("{}{}s".format, _SECONDS, _FRACTIONS))
