"""Redirects, weighted forwards and rewrites."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.balancing.actions import (
    Forward,
    Redirect,
    Transform,
    Url,
    chosen_group,
    location,
    rewritten,
)

CART = Url("http", "shop.example.com", 80, "/cart/items", "x=1")


# AWS: Listeners for your Application Load Balancers, Redirect actions.
@pytest.mark.parametrize(
    ("redirect", "url", "expected"),
    [
        pytest.param(
            Redirect(301, protocol="HTTPS", port="443"),
            CART,
            "https://shop.example.com:443/cart/items?x=1",
            id="to HTTPS, everything else retained",
        ),
        pytest.param(
            Redirect(302, path="/new/#{path}"),
            CART,
            "http://shop.example.com:80/new/cart/items?x=1",
            id="the path keyword has no leading slash",
        ),
        pytest.param(
            Redirect(302, host="example.#{host}", query="#{query}&value=xyz"),
            CART,
            "http://example.shop.example.com:80/cart/items?x=1&value=xyz",
            id="keywords within host and query",
        ),
        pytest.param(
            Redirect(302, host="other.com"),
            Url("https", "a.com", 8443, "/"),
            "https://other.com:8443/",
            id="no query, no question mark",
        ),
        pytest.param(
            Redirect(302, path="/#{unknown}"),
            Url("http", "a.com", 80, "/"),
            "http://a.com:80/#{unknown}?",
            id="what is no keyword stays",
        ),
    ],
)
def test_where_a_redirect_goes(redirect: Redirect, url: Url, expected: str) -> None:
    assert location(redirect, url) == expected.removesuffix("?")


def test_a_forward_shares_by_weight() -> None:
    forward = Forward((("blue", 9), ("green", 1)))
    chosen = [chosen_group(forward, u / 100) for u in range(100)]
    assert (chosen.count("blue"), chosen.count("green")) == (90, 10)


@pytest.mark.parametrize("u", [0.0, 0.5, 0.999])
def test_a_forward_whose_weights_are_all_zero_has_nowhere_to_go(u: float) -> None:
    assert chosen_group(Forward((("blue", 0),)), u) == ""


@given(st.floats(0, 1, exclude_max=True))
def test_a_group_without_weight_gets_nothing(u: float) -> None:
    assert chosen_group(Forward((("blue", 0), ("green", 1))), u) == "green"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("/api/v1?x=1", "/v1?x=1", id="the expression matches"),
        pytest.param("/other", "/other", id="the expression does not match"),
    ],
)
def test_a_rewrite_of_the_url(text: str, expected: str) -> None:
    transforms = (Transform("url", "^/api/(.*)$", "/$1"), Transform("host", ".*", "x"))
    assert rewritten(text, "url", transforms) == expected


def test_a_backslash_in_a_replacement_is_a_backslash() -> None:
    assert rewritten("/a", "url", (Transform("url", "a", r"\1"),)) == r"/\1"
