"""Cookies that hold a client."""

from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.balancing.stickiness import TARGET_COOKIE, holder, set_cookies, token

KEY = b"of one balancer"


@given(st.text(min_size=1, max_size=40), st.integers(1, 604_800))
def test_a_client_is_held_until_its_time_is_up(target: str, seconds: int) -> None:
    value = token(target, 1000.0 + seconds, KEY)
    assert holder(value, 1000.0, KEY) == target
    assert holder(value, 1000.0 + seconds, KEY) is None


@pytest.mark.parametrize("value", ["", "x", "not base64 at all!", "AAAA" * 9])
def test_a_value_that_nobody_gave_out_holds_nobody(value: str) -> None:
    assert holder(value, 0.0, KEY) is None


def test_a_cookie_of_another_balancer_holds_nobody() -> None:
    assert holder(token("i-1:80", 99.0, b"another"), 0.0, KEY) is None


@given(st.integers(0, 60), st.text(alphabet="abcXYZ019-_", min_size=1, max_size=1))
def test_a_value_that_was_tampered_with_holds_nobody(place: int, letter: str) -> None:
    value = token("10.0.0.1:8080", 99.0, KEY)
    place %= len(value) - 1
    forged = value[:place] + letter + value[place + 1 :]
    assert holder(forged, 0.0, KEY) == ("10.0.0.1:8080" if forged == value else None)


def test_a_cookie_is_set_twice_once_for_other_sites() -> None:
    plain, cors = set_cookies(TARGET_COOKIE, "abc", 1_767_225_600.0)
    assert plain == "AWSALB=abc; Expires=Thu, 01 Jan 2026 00:00:00 GMT; Path=/"
    assert SimpleCookie(cors)["AWSALBCORS"]["samesite"] == "None"
