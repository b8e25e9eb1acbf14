"""Rule conditions as tables, and the choice of a rule against a matcher that only knows strings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.balancing.actions import FixedResponse
from understudy.balancing.rules import Condition, Request, Rule, first_met, holds, like

ANSWER = FixedResponse(200)


def request(**parts: object) -> Request:
    return Request(**{"method": "GET", "host": "shop.example.com", "path": "/", **parts})


# AWS: Listeners for your Application Load Balancers, Rule condition types.
@pytest.mark.parametrize(
    ("condition", "asked", "expected"),
    [
        pytest.param(
            Condition("host-header", ("*.example.com",)),
            request(host="test.example.com"),
            True,
            id="*.example.com matches test.example.com",
        ),
        pytest.param(
            Condition("host-header", ("*.example.com",)),
            request(host="example.com"),
            False,
            id="*.example.com does not match example.com",
        ),
        pytest.param(
            Condition("host-header", ("SHOP.example.com",)),
            request(),
            True,
            id="hosts have no case",
        ),
        pytest.param(
            Condition("path-pattern", ("/img/*",)),
            request(path="/img/picture.jpg"),
            True,
            id="a path below",
        ),
        pytest.param(
            Condition("path-pattern", ("/img/*",)),
            request(path="/IMG/picture.jpg"),
            False,
            id="paths have a case",
        ),
        pytest.param(
            Condition("path-pattern", ("/img/*",)),
            request(path="/", query="/img/x"),
            False,
            id="the query string is no part of the path",
        ),
        pytest.param(
            Condition("path-pattern", ("/a?c",)),
            request(path="/abc"),
            True,
            id="a question mark is one character",
        ),
        pytest.param(
            Condition("path-pattern", ("/a?c",)),
            request(path="/ac"),
            False,
            id="a question mark is not nothing",
        ),
        pytest.param(
            Condition("path-pattern", ("/v1.0",)),
            request(path="/v1x0"),
            False,
            id="a dot is a dot",
        ),
        pytest.param(
            Condition("http-header", ("*Chrome*", "*Safari*"), name="User-Agent"),
            request(headers=(("user-agent", "Mozilla safari/1"),)),
            True,
            id="one of the header's values is enough, in any case",
        ),
        pytest.param(
            Condition("http-header", ("b",), name="x"),
            request(headers=(("x", "a"), ("x", "b"))),
            True,
            id="a header that is there twice is searched in order",
        ),
        pytest.param(
            Condition("http-header", ("*",), name="x"),
            request(),
            False,
            id="a header that is not there has no value",
        ),
        pytest.param(
            Condition("query-string", pairs=(("version", "v1"), ("", "example"))),
            request(query="mode=x&Version=V1"),
            True,
            id="a pair of key and value",
        ),
        pytest.param(
            Condition("query-string", pairs=(("version", "v1"), ("", "example"))),
            request(query="anything=example"),
            True,
            id="a value of any key",
        ),
        pytest.param(
            Condition("query-string", pairs=(("version", "v1"),)),
            request(query="version=v2&other=v1"),
            False,
            id="the value of another key",
        ),
        pytest.param(
            Condition("query-string", pairs=(("q", r"what\?"),)),
            request(query="q=what%3F"),
            True,
            id="an escaped question mark is a question mark, however it is encoded",
        ),
        pytest.param(
            Condition("query-string", pairs=(("q", r"what\?"),)),
            request(query="q=whatx"),
            False,
            id="an escaped question mark is no wildcard",
        ),
        pytest.param(
            Condition("http-request-method", ("GET", "CUSTOM-METHOD")),
            request(method="CUSTOM-METHOD"),
            True,
            id="a custom method",
        ),
        pytest.param(
            Condition("http-request-method", ("GET",)),
            request(method="get"),
            False,
            id="methods have a case",
        ),
        pytest.param(
            Condition("source-ip", ("192.0.2.0/24", "198.51.100.10/32")),
            request(source="192.0.2.7"),
            True,
            id="an address in the block",
        ),
        pytest.param(
            Condition("source-ip", ("192.0.2.0/24", "198.51.100.10/32")),
            request(source="198.51.100.11"),
            False,
            id="an address outside of the blocks",
        ),
        pytest.param(
            Condition("source-ip", ("192.0.2.0/24",)),
            request(source="::1"),
            False,
            id="an address of the other IP version",
        ),
        pytest.param(
            Condition("source-ip", ("2001:db8::/32",)),
            request(source="2001:db8::1"),
            True,
            id="an IPv6 block",
        ),
        pytest.param(
            Condition("path-pattern", expressions=(r"^/v\d+/",)),
            request(path="/v12/items"),
            True,
            id="a regular expression",
        ),
        pytest.param(
            Condition("host-header", expressions=(r"^SHOP\.",)),
            request(),
            True,
            id="a regular expression of a host has no case",
        ),
    ],
)
def test_a_condition_holds(condition: Condition, asked: Request, expected: bool) -> None:
    assert holds(condition, asked) is expected


def rule(name: str, *conditions: Condition) -> Rule:
    return Rule(name, conditions, ANSWER)


def test_all_conditions_of_a_rule_must_hold() -> None:
    rules = (
        rule("both", Condition("path-pattern", ("/a*",)), Condition("host-header", ("x.com",))),
        rule("default"),
    )
    assert first_met(rules, request(path="/ab", host="x.com"))[0] == rules[0]
    assert first_met(rules, request(path="/ab", host="y.com"))[0] == rules[1]


def test_rules_are_evaluated_in_order_and_the_default_is_not_counted() -> None:
    rules = (
        rule("first", Condition("path-pattern", ("/a",))),
        rule("second", Condition("path-pattern", ("/*",))),
        rule("default"),
    )
    assert first_met(rules, request(path="/a")) == (rules[0], 1)
    assert first_met(rules, request(path="/b")) == (rules[1], 2)
    assert first_met(rules[:1] + rules[2:], request(path="/b")) == (rules[2], 1)
    assert first_met((), request()) == (None, 0)


def naive(pattern: str, text: str) -> bool:
    """The wildcards by trying every way to spend them."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(naive(pattern[1:], text[index:]) for index in range(len(text) + 1))
    if pattern[0] == "\\" and pattern[1:2] in ("*", "?", "\\"):
        return text[:1] == pattern[1] and naive(pattern[2:], text[1:])
    return bool(text) and pattern[0] in ("?", text[0]) and naive(pattern[1:], text[1:])


patterns = st.text(alphabet="ab*?\\.", max_size=6)
texts = st.text(alphabet="ab*?\\.", max_size=6)


@given(pattern=patterns, text=texts)
def test_wildcards_match_what_a_naive_matcher_does(pattern: str, text: str) -> None:
    assert like(pattern, text, ignore_case=False) == naive(pattern, text)


@given(patterns=st.lists(st.text(alphabet="/ab*?", min_size=1, max_size=4), max_size=5), path=texts)
def test_the_first_rule_in_order_of_priority_wins(patterns: list[str], path: str) -> None:
    rules = [rule(f"{n}", Condition("path-pattern", (each,))) for n, each in enumerate(patterns)]
    expected = next((n for n, each in enumerate(patterns) if naive(each, path)), "default")
    found, evaluated = first_met([*rules, rule("default")], request(path=path))
    assert found is not None
    assert found.arn == str(expected)
    assert evaluated == (len(rules) if expected == "default" else int(expected) + 1)
