"""Three costs a month and the quotas of a template, before it is deployed."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from understudy.app.estimate import Estimate, estimate, estimated_lines
from understudy.app.fleets import fleets
from understudy.app.templates import CheckedTemplate, checked
from understudy.pricing.catalogue import BOOK
from understudy.sim.traffic import Traffic

TODAY = "2026-11-22"
HOSTED = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}
  Model:
    Type: AWS::SageMaker::Model
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      PrimaryContainer: {Image: understudy/stand-in}
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - VariantName: v
          ModelName: !GetAtt Model.ModelName
          InstanceType: ml.m5.large
          InitialInstanceCount: 2
          InitialVariantWeight: 1
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties:
      EndpointConfigName: !GetAtt Config.EndpointConfigName
"""
SCALED = """
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ServiceNamespace: sagemaker
      ScalableDimension: sagemaker:variant:DesiredInstanceCount
      ResourceId: !Sub endpoint/${Endpoint.EndpointName}/variant/v
      MinCapacity: 1
      MaxCapacity: 4
  Policy:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties:
      PolicyName: p
      PolicyType: TargetTrackingScaling
      ScalingTargetId: !Ref Target
      TargetTrackingScalingPolicyConfiguration:
        PredefinedMetricSpecification:
          PredefinedMetricType: METRIC
        TargetValue: 600
"""
RATE = Decimal("0.115") * 730
"""One ml.m5.large for a month."""


def template(folder: Path, text: str) -> CheckedTemplate:
    path = folder / "template.yaml"
    path.write_text(text)
    found, problems = checked(path, {})
    assert found is not None, problems
    return found


def told(folder: Path, text: str, per_minute: list[int], **limits: int) -> Estimate:
    traffic = Traffic("rush.csv", 0.0, 60.0, np.array(per_minute))
    return estimate(template(folder, text), BOOK, TODAY, traffic, limits)


def test_an_endpoint_that_does_not_scale_costs_the_same_three_times(tmp_path: Path):
    found = told(tmp_path, HOSTED, [100])
    assert (found.idle, found.on_traffic, found.pinned) == (2 * RATE, 2 * RATE, 2 * RATE)


def test_target_tracking_holds_what_each_minute_needs(tmp_path: Path):
    text = HOSTED + SCALED.replace("METRIC", "SageMakerVariantInvocationsPerInstance")
    found = told(tmp_path, text, [0, 600, 601, 9000])  # 1, 1, 2 and, capped, 4 instances.
    assert (found.idle, found.on_traffic, found.pinned) == (RATE, 2 * RATE, 4 * RATE)
    (first, *_) = found.lines()
    assert first.startswith("Cost a month: $83.95 idle, $167.90 on rush.csv, $335.80 pinned")


def test_what_another_metric_scales_is_not_told(tmp_path: Path):
    text = HOSTED + SCALED.replace("METRIC", "SageMakerInferenceComponentInvocationsPerCopy")
    found = told(tmp_path, text, [600])
    assert (found.idle, found.on_traffic) == (RATE, None)
    assert "not known on rush.csv" in found.lines()[0]


def test_an_update_needs_the_quota_for_both_fleets(tmp_path: Path):
    text = HOSTED + SCALED.replace("METRIC", "SageMakerVariantInvocationsPerInstance")
    traffic = Traffic("rush.csv", 0.0, 60.0, np.array([1]))
    found = estimate(template(tmp_path, text), BOOK, TODAY, traffic, {"ml.m5.large": 6})
    (need,) = found.needs
    assert (need.least, need.most, need.update, need.exceeded) == (1, 4, 8, True)
    assert found.lines()[-1] == (
        "Quota ml.m5.large for endpoint usage: 1 instances idle, 4 at maximum, 8 while an update "
        "runs both fleets; EXCEEDS the limit of 6."
    )


GROUP = """
Resources:
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData: {InstanceType: m5.xlarge, ImageId: ami-12345678}
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      MinSize: "2"
      MaxSize: "10"
      AvailabilityZones: [us-east-1a]
      MixedInstancesPolicy:
        LaunchTemplate:
          LaunchTemplateSpecification:
            LaunchTemplateId: !Ref Template
            Version: !GetAtt Template.LatestVersionNumber
        InstancesDistribution:
          OnDemandBaseCapacity: 2
          OnDemandPercentageAboveBaseCapacity: 25
"""


def test_a_mixed_group_pays_its_spot_part_at_spot_prices(tmp_path: Path):
    base, above = fleets(template(tmp_path, GROUP))
    assert (base.minimum, base.maximum, above.minimum, above.maximum) == (2, 2, 0, 8)
    assert sorted((item.purchase, share) for item, share in above.items.items()) == [
        ("OnDemand", 0.25),
        ("Spot", 0.75),
    ]
    found = told(tmp_path, GROUP, [1])
    spot = BOOK.offers("m5.xlarge", "us-east-1")
    paid = next(offer.hourly for terms, offer in spot.items() if terms.purchase == "Spot")
    pinned = (2 + 2) * Decimal("0.192") * 730 + 6 * paid * 730
    assert found.pinned == pytest.approx(pinned)
    needs = {each.quota.key: (each.least, each.most) for each in found.needs}
    assert needs == {"standard": (8, 16), "spot-standard": (0, 24)}


SERVICE = """
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: "512"
      Memory: "1024"
      ContainerDefinitions: [{Name: web, Image: "web:1"}]
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task
      LaunchType: FARGATE
      DesiredCount: 6
      NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [subnet-1]}}
"""


def test_tasks_on_fargate_need_vcpus(tmp_path: Path):
    found = estimate(template(tmp_path, SERVICE), BOOK, TODAY, None, {"fargate": 4})
    assert found.lines()[-1] == (
        "Quota Fargate On-Demand vCPU resource count: 3 vCPUs idle, 3 at maximum, 6 while an update"
        " runs both fleets; EXCEEDS the limit of 4."
    )


def test_a_template_without_capacity_says_nothing(tmp_path: Path):
    assert told(tmp_path, "Resources: {B: {Type: AWS::S3::Bucket}}", [1]).lines() == []


def test_the_text_of_a_template_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "understudy.toml").write_text('[capacity.quotas]\n"ml.m5.large" = 3\n')
    lines = estimated_lines(HOSTED, Path("template.yaml"), {}, tmp_path / "state", "us-east-1")
    assert lines[0].startswith("Cost a month: $167.90 idle, $167.90 on day.csv, the default")
    assert lines[1].endswith("4 while an update runs both fleets; EXCEEDS the limit of 3.")
    assert estimated_lines("no: [", Path("t.yaml"), {}, tmp_path / "state", "us-east-1") == []


def test_a_serverless_variant_costs_nothing_idle_and_its_traffic_is_not_told(tmp_path: Path):
    instances = "          InstanceType: ml.m5.large\n          InitialInstanceCount: 2\n"
    config = "          ServerlessConfig: {MemorySizeInMB: 3072, MaxConcurrency: 4}\n"
    found = told(tmp_path, HOSTED.replace(instances, config), [10])
    assert (found.idle, found.on_traffic) == (Decimal(0), None)
    (fleet,) = found.fleets
    assert (fleet.what, fleet.minimum, fleet.maximum) == ("serverless, 3072 MB", 0, 4)
    assert found.needs == ()
    warm = config.replace("4}", "4, ProvisionedConcurrency: 1}")
    found = told(tmp_path, HOSTED.replace(instances, warm), [10])
    assert found.idle is None
    assert "ProvisionedConcurrency:Usage-3GB" in found.missing
