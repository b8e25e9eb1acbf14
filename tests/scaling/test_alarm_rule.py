"""Rules of composite alarms: what they mean and what is wrong with bad ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.metrics.boolean import RuleError
from understudy.scaling.alarm_rule import children, parse_rule, rule_holds

STATES = {"cpu": "ALARM", "disk": "OK", "net": "INSUFFICIENT_DATA", "CPU too high": "ALARM"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("ALARM(cpu)", True),
        ('ALARM("cpu")', True),
        ('ALARM("CPU too high")', True),
        ("ALARM(CPU too high)", True),
        ("ALARM(disk)", False),
        ("OK(disk)", True),
        ("INSUFFICIENT_DATA(net)", True),
        ("TRUE", True),
        ("FALSE", False),
        ("False", False),
        ("NOT ALARM(cpu)", False),
        ("NOT NOT ALARM(cpu)", True),
        ("ALARM(cpu) AND ALARM(disk)", False),
        ("ALARM(cpu) AND NOT ALARM(disk)", True),
        ("(ALARM(cpu) OR ALARM(disk)) AND OK(net)", False),
        ("ALARM(cpu) OR ALARM(disk) AND OK(net)", True),
        ("ALARM(gone)", False),
        ("OK(gone)", False),
        ("AT_LEAST(2, ALARM, (cpu, disk, CPU too high))", True),
        ("AT_LEAST(3, ALARM, (cpu, disk, net))", False),
        ('AT_LEAST("50%", NOT ALARM, (cpu, disk, net))', True),
        ('AT_LEAST("100%", OK, (cpu, disk))', False),
    ],
)
def test_a_rule_is_true_or_not(text: str, holds: bool) -> None:
    assert rule_holds(parse_rule(text), STATES.get) is holds


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "Unexpected end of expression"),
        ("ALARM(", "An alarm name is expected"),
        ("ALARM(a) AND", "Unexpected end of expression"),
        ("ALARM(a) ALARM(b)", "Unexpected 'ALARM'"),
        ("BROKEN(a)", "expected a function such as ALARM(name)"),
        ("cpu", "expected a function such as ALARM(name)"),
        ("(ALARM(a)", "Unexpected end of expression"),
        ('ALARM("a)', "A quotation is not closed"),
        ("AT_LEAST(4, ALARM, (a, b))", "expected how many of 2 alarms"),
        ("AT_LEAST(1, BUSY, (a, b))", "expected a state"),
        ("NOT " * 200 + "TRUE", "nested too deeply"),
        (" OR ".join(f"ALARM(a{number})" for number in range(101)), "at most 100 alarms"),
        (" OR ".join(["TRUE"] * 501), "at most 500 elements"),
    ],
    ids=lambda text: text[:40],
)
def test_a_bad_rule_is_refused_with_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(RuleError) as refused:
        parse_rule(text)
    assert problem in str(refused.value)


def test_the_children_of_a_rule_are_named_once_and_in_order() -> None:
    rule = parse_rule('ALARM(b) AND (OK("a") OR NOT ALARM(b) OR AT_LEAST(1, OK, (c, a)))')
    assert children(rule) == ["b", "a", "c"]


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), st.sampled_from(["OK", "ALARM"])))
def test_a_rule_and_its_negation_never_agree(states: dict[str, str]) -> None:
    text = "ALARM(a) AND (OK(b) OR ALARM(c))"
    assert rule_holds(parse_rule(text), states.get) is not rule_holds(
        parse_rule(f"NOT ({text})"), states.get
    )
