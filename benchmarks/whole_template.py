"""How long each stage takes for one YAML template of 500 resources, in CPU time.

Run: python benchmarks/whole_template.py
"""

import time
from collections.abc import Callable
from typing import Any

from understudy.app.schemas import CfnLintSchemas
from understudy.cloudformation.changeset import plan
from understudy.cloudformation.check import check
from understudy.cloudformation.parameters import bind
from understudy.cloudformation.parse import parse
from understudy.cloudformation.resolve import Scope, evaluate
from understudy.cloudformation.revision import as_deployed, revision
from understudy.cloudformation.schema import Schemas
from understudy.cloudformation.template import read
from understudy.cloudformation.validate import validate

PAIRS = 250
ROUNDS = 5
HEAD = """\
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Name: {Type: String, Default: digits}
Conditions:
  Many: !Equals [!Ref Name, digits]
Resources:
"""
PAIR = """\
  Bucket{n}:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Properties:
      BucketName: !Sub '${{AWS::StackName}}-${{Name}}-{n}'
      VersioningConfiguration:
        Status: !If [Many, Enabled, Suspended]
      Tags:
        - Key: Name
          Value: !Ref Name
        - Key: Team
          Value: ml
  Policy{n}:
    Type: AWS::S3::BucketPolicy
    DependsOn: Bucket{n}
    Properties:
      Bucket: !Ref Bucket{n}
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: '*'
            Action: [s3:GetObject, s3:ListBucket]
            Resource: !Join ['/', [!GetAtt Bucket{n}.Arn, '*']]
"""


def main() -> None:
    source = HEAD + "".join(PAIR.format(n=n) for n in range(PAIRS))
    schemas = Schemas(CfnLintSchemas())
    data, _ = parse(source)
    template, _ = read(data)
    assert template is not None
    bound, _ = bind(template.parameters, {})
    assert bound is not None
    pseudo = {"AWS::StackName": "bench", "AWS::Region": "us-east-1"}
    ready = revision(template, Scope(parameters=bound.values, pseudo=pseudo))
    assert check(template, schemas, ready.scope.conditions) == []
    scope = as_deployed(ready.scope, {})

    def resolve() -> list[Any]:
        return [evaluate(resource.properties, scope) for resource in template.resources.values()]

    def validated() -> None:
        for values, resource in zip(resolved, template.resources.values(), strict=True):
            schema = schemas.get(resource.type)
            assert schema is not None
            validate(values, schema)

    resolved = resolve()
    stages: dict[str, Callable[[], Any]] = {
        "parse": lambda: parse(source),
        "read": lambda: read(data),
        "check": lambda: check(template, schemas, ready.scope.conditions),
        "resolve": resolve,
    }
    print(f"{2 * PAIRS} resources, {len(source) / 1e3:.0f} kB of YAML; best of {ROUNDS}")
    total = sum(timed(name, stage) for name, stage in stages.items())
    print(f"{'together':10} {total * 1e3:7.1f} ms")
    timed("plan", lambda: plan(None, ready, {}, schemas))
    timed("validate", validated)


def timed(name: str, stage: Callable[[], Any]) -> float:
    """The best CPU time of a stage in seconds, printed."""
    times: list[float] = []
    for _ in range(ROUNDS):
        start = time.process_time()
        stage()
        times.append(time.process_time() - start)
    print(f"{name:10} {min(times) * 1e3:7.1f} ms")
    return min(times)


if __name__ == "__main__":
    main()
