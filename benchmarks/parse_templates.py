"""How fast templates are parsed and resolved, against cfn-lint's decoder, on 300 made templates.

Run: python benchmarks/parse_templates.py. Prints the time of each and their ratios; all take the
same texts in turns within one run, and the two parsers must agree on the data. cfn-lint decodes
only; our resolving goes on through structure, parameters, conditions and every property.
"""

import json
import random
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from cfnlint.decode import decode_str

from understudy.cloudformation.parameters import bind
from understudy.cloudformation.parse import parse
from understudy.cloudformation.resolve import Scope, evaluate
from understudy.cloudformation.revision import revision
from understudy.cloudformation.template import read
from understudy.cloudformation.unknown import unknown
from understudy.testing.stacks import PSEUDO

TEMPLATES = 300
ROUNDS = 5


def main() -> None:
    rng = random.Random(7)
    in_yaml = [as_yaml(template(rng)) for _ in range(TEMPLATES // 2)]
    in_json = [json.dumps(parse(text)[0], indent=1) for text in in_yaml]
    print(f"{TEMPLATES} templates, half YAML, half JSON; CPU time, best of {ROUNDS} rounds")
    totals = [0.0, 0.0, 0.0]
    for name, sources in (("YAML", in_yaml), ("JSON", in_json)):
        check_agreement(sources)
        times = raced(sources, decode_str, parse, resolved)
        totals = [total + time for total, time in zip(totals, times, strict=True)]
        report(name, sources, *times)
    report("all", [*in_yaml, *in_json], *totals)


def resolved(source: str) -> Any:
    """Every property of a template with its functions evaluated, from the text on."""
    template, _ = read(parse(source)[0])
    assert template is not None
    bound, _ = bind(template.parameters, {})
    assert bound is not None
    scope = replace(
        revision(template, Scope(bound.values, PSEUDO)).scope, ref=later, attribute=later
    )
    return [evaluate(each.properties, scope) for each in template.resources.values()]


def later(name: str, attribute: str = "") -> Any:
    return unknown([(name, attribute)])


def report(name: str, sources: list[str], theirs: float, parsing: float, resolving: float) -> None:
    size = sum(map(len, sources)) / 1e6
    print(
        f"{name:5} {size:5.2f} MB  cfn-lint decodes {theirs * 1e3:8.1f} ms"
        f"  understudy parses {parsing * 1e3:7.1f} ms, {theirs / parsing:5.1f} times as fast,"
        f"  parses and resolves {resolving * 1e3:7.1f} ms, {theirs / resolving:5.1f} times as fast"
    )


def raced(sources: list[str], *parsers: Callable[[str], Any]) -> list[float]:
    """The best time of each parser over all sources, the parsers taking turns at every source."""
    best = [float("inf")] * len(parsers)
    for _ in range(ROUNDS):
        spent = [0.0] * len(parsers)
        for source in sources:
            for index, parser in enumerate(parsers):
                start = time.process_time()
                parser(source)
                spent[index] += time.process_time() - start
        best = [min(pair) for pair in zip(best, spent, strict=True)]
    return best


def check_agreement(sources: list[str]) -> None:
    for source in sources[:20]:
        assert as_text(parse(source)[0]) == as_text(decode_str(source)[0]), source


def as_text(value: Any) -> Any:
    """Scalars as text: the two differ on purpose in the types of dates and fractions."""
    if isinstance(value, dict):
        return {str(key): as_text(child) for key, child in value.items()}
    if isinstance(value, list):
        return [as_text(child) for child in value]
    return str(Decimal(str(value))) if isinstance(value, (float, Decimal)) else str(value)


def template(rng: random.Random) -> dict[str, Any]:
    """A template of 2 to 16 resources such as people write: buckets, queues, roles, alarms."""
    makers = (bucket, queue, role, alarm)
    count = rng.randrange(2, 17)
    return {
        "Description": f"Generated {rng.randrange(1000)}",
        "Parameters": {
            "Name": {"Type": "String", "Default": "digits", "AllowedPattern": "[a-z-]+"},
            "Count": {"Type": "Number", "Default": rng.randrange(1, 9)},
        },
        "Conditions": {"Many": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Count"}, 1]}]}},
        "Resources": {f"Resource{n}": rng.choice(makers)(rng, n) for n in range(count)},
        "Outputs": {"First": {"Value": {"Ref": "Resource0"}, "Description": "The first one"}},
    }


def bucket(rng: random.Random, index: int) -> dict[str, Any]:
    rules = [
        {"Id": f"rule-{n}", "Status": "Enabled", "ExpirationInDays": rng.randrange(1, 400)}
        for n in range(rng.randrange(1, 4))
    ]
    return {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "Properties": {
            "BucketName": {"Fn::Sub": f"${{AWS::StackName}}-${{Name}}-{index}"},
            "VersioningConfiguration": {"Status": "Enabled"},
            "LifecycleConfiguration": {"Rules": rules},
            "Tags": [{"Key": "Name", "Value": {"Ref": "Name"}}, {"Key": "Team", "Value": "ml"}],
        },
    }


def queue(rng: random.Random, index: int) -> dict[str, Any]:
    return {
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "QueueName": {"Fn::Join": ["-", [{"Ref": "AWS::StackName"}, "queue", str(index)]]},
            "VisibilityTimeout": rng.randrange(30, 900),
            "RedrivePolicy": {"maxReceiveCount": 3},
        },
    }


def role(rng: random.Random, index: int) -> dict[str, Any]:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    statement = {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"][: rng.randrange(1, 4)],
        "Resource": [{"Fn::Sub": "arn:${AWS::Partition}:s3:::${Name}/*"}],
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": f"policy-{index}", "PolicyDocument": document}],
        },
    }


def alarm(rng: random.Random, index: int) -> dict[str, Any]:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Condition": "Many",
        "Properties": {
            "AlarmDescription": {"Fn::If": ["Many", f"Alarm {index}", {"Ref": "AWS::NoValue"}]},
            "Namespace": "AWS/SageMaker",
            "MetricName": "Invocations",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": rng.randrange(1, 6),
            "Threshold": rng.randrange(1, 1000),
            "ComparisonOperator": "GreaterThanThreshold",
        },
    }


def as_yaml(data: dict[str, Any]) -> str:
    """Block style with short forms, as most templates are written."""
    return "AWSTemplateFormatVersion: 2010-09-09\n" + "".join(lines(data, 0))


def lines(value: dict[str, Any] | list[Any], indent: int) -> list[str]:
    pad = " " * indent
    found: list[str] = []
    pairs = value.items() if isinstance(value, dict) else ((None, item) for item in value)
    for key, item in pairs:
        head = f"{pad}- " if key is None else f"{pad}{key}: "
        tag, child = short(item)
        if not isinstance(child, (dict, list)):
            found.append(f"{head}{tag}{scalar(child)}\n")
        elif key is None and not tag:
            below = lines(child, indent + 2)
            found += [f"{head}{below[0].lstrip()}", *below[1:]]
        else:
            found += [f"{head}{tag}".rstrip() + "\n", *lines(child, indent + 2)]
    return found


def short(value: Any) -> tuple[str, Any]:
    if isinstance(value, dict) and len(value) == 1:
        ((name, argument),) = value.items()
        if name == "Ref" or name.startswith("Fn::"):
            return f"!{name.removeprefix('Fn::')} ", argument
    return "", value


def scalar(value: Any) -> str:
    text = str(value)
    plain = text.translate({ord(c): None for c in ":-/ "}).isalnum() and not text[0].isdigit()
    return text if isinstance(value, int) or plain else f"'{text}'"


if __name__ == "__main__":
    main()
