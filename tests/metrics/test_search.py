"""SEARCH finds the metrics that AWS's own examples say it finds."""

import pytest

from understudy.metrics.datapoint import metric_key
from understudy.metrics.expression import ExpressionError
from understudy.metrics.search import found, parse_search

METRICS = {
    "custom": metric_key("MyNamespace", "CustomCount1", [("Team", "ProjectA")]),
    "network": metric_key("MyNamespace", "Network-Errors-2", []),
    "networks": metric_key("Other", "NetworkErrors2", []),
    "cpu1": metric_key("AWS/EC2", "CPUUtilization", [("InstanceId", "i-1234567890123456")]),
    "cpu2": metric_key("AWS/EC2", "CPUUtilization", [("InstanceId", "i-0abc")]),
    "cpu-type": metric_key("AWS/EC2", "CPUUtilization", [("InstanceType", "t2.micro")]),
    "in": metric_key("AWS/EC2", "NetworkPacketsIn", [("InstanceId", "i-0abc")]),
    "ecs": metric_key("AWS/ECS", "CPUUtilization", [("ClusterName", "web")]),
    "errors": metric_key("AWS/Lambda", "Errors", [("FunctionName", "ProjectB-hook")]),
    "calls": metric_key("AWS/Lambda", "Invocations", [("FunctionName", "ProjectB-hook")]),
    "ops": metric_key("AWS/EBS", "VolumeReadOps", [("VolumeId", "vol-1")]),
    "odd": metric_key("My Namespace", "Europe\\France Traffic(Network)", [("Dimension@Name", "x")]),
}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{AWS/EC2,InstanceId} MetricName="CPUUtilization"', "cpu1 cpu2"),
        ('{AWS/EC2, InstanceType} "CPUUtilization"', "cpu-type"),
        ('"CPUUtilization"', "cpu1 cpu2 cpu-type ecs"),
        ("{AWS/EC2,InstanceId} network AND packets", "in"),
        ("{AWS/EC2,InstanceId} network packets", "in"),
        ('{AWS/EC2,InstanceId} MetricName="CPUUtilization" NOT i-1234567890123456', "cpu2"),
        ("NOT Namespace=AWS", "custom network networks odd"),
        ("(EC2 OR EBS) AND MetricName=ReadOps", "ops"),
        ("InstanceType=micro", "cpu-type"),
        ('InstanceType="t2.micro" Namespace="AWS/EC2"', "cpu-type"),
        (
            (
                '{AWS/Lambda,FunctionName} MetricName="Errors" OR (MetricName="Invocations" AND '
                "(ProjectA OR ProjectB))"
            ),
            "errors calls",
        ),
        ('{MyNamespace}, "CustomCount1"', "custom"),
        ('{MyNamespace}, "customcount1"', ""),
        ('{MyNamespace}, "Custom"', ""),
        ("count", "custom"),
        ("Count", "custom"),
        ("COUNT", "custom"),
        ("couNT", ""),
        ("CustomCount", "custom"),
        ("Count1", "custom"),
        ("customcount", ""),
        ("count1", ""),
        ("customcount1", "custom"),
        ("network/errors", "network networks"),
        ("Network_Errors", "network networks"),
        ('"Network-Errors-2"', "network"),
        ('"Network_Errors_2"', ""),
        ('{"My Namespace", "Dimension@Name"}', "odd"),
        ('MetricName="Europe\\\\France Traffic\\(Network\\)"', "odd"),
        ("ProjectA OR ProjectB", "custom errors calls"),
        ("{AWS/EC2}", "cpu1 cpu2 cpu-type in"),
    ],
)
def test_a_search_finds_its_metrics(text: str, names: str) -> None:
    # AWS: CloudWatch search expression syntax, its examples and its table of tokens.
    search = parse_search(text)
    assert [name for name, key in METRICS.items() if found(search, key)] == names.split()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "a metric schema or a search term"),
        ("AND", "Unexpected 'AND'"),
        ("a OR", "Unexpected end"),
        ("(a", "Unexpected end"),
        ("a)", "Unexpected ')'"),
        ('"open', "a quotation is not closed"),
        ("MetricName=", "Unexpected end"),
        ("x" * 1025, "at most 1024 characters"),
        ("(" * 200 + "a" + ")" * 200, "nested too deeply"),
    ],
    ids=lambda text: text[:20],
)
def test_bad_searches_say_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(ExpressionError) as wrong:
        parse_search(text)
    assert problem in str(wrong.value)
