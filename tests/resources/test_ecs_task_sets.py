"""Task sets of stacks: created, scaled, primary, and gone with their stack."""

from understudy.control.events import Params
from understudy.testing.region import Region

TEMPLATE = """
Resources:
  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: outer}}
  Definition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: '256'
      Memory: '512'
      ContainerDefinitions: [{Name: web, Image: 'web:1', PortMappings: [{ContainerPort: 80}]}]
  Service:
    Type: AWS::ECS::Service
    Properties:
      Cluster: !Ref Cluster
      ServiceName: outer
      DesiredCount: 4
      DeploymentController: {Type: EXTERNAL}
  Set:
    Type: AWS::ECS::TaskSet
    Properties:
      Cluster: !Ref Cluster
      Service: !Ref Service
      TaskDefinition: !Ref Definition
      LaunchType: FARGATE
      Scale: {Unit: PERCENT, Value: 100}
      NetworkConfiguration: {AwsVpcConfiguration: {Subnets: [subnet-0a0a0a0a]}}
  Primary:
    Type: AWS::ECS::PrimaryTaskSet
    Properties: {Cluster: !Ref Cluster, Service: !Ref Service, TaskSetId: !GetAtt Set.Id}
"""


def ended(region: Region, status: str) -> None:
    """Let time pass until the stack's operation has ended, which it has to in this status."""
    for _ in range(60):
        region.advance(5.0)
        found = region.call("cloudformation", "DescribeStacks")["Stacks"]
        if not found or not found[0]["StackStatus"].endswith("IN_PROGRESS"):
            break
    assert [each["StackStatus"] for each in found] == ([status] if status else [])


def service(region: Region) -> Params:
    return region.ecs("DescribeServices", cluster="outer", services=["outer"])["services"][0]


def test_task_sets_of_a_stack() -> None:
    region = Region()
    region.call("cloudformation", "CreateStack", StackName="s", TemplateBody=TEMPLATE)
    ended(region, "CREATE_COMPLETE")
    (task_set,) = service(region)["taskSets"]
    assert (task_set["status"], task_set["runningCount"]) == ("PRIMARY", 4)
    half = TEMPLATE.replace("Value: 100", "Value: 50")
    region.call("cloudformation", "UpdateStack", StackName="s", TemplateBody=half)
    ended(region, "UPDATE_COMPLETE")
    (scaled,) = service(region)["taskSets"]
    assert (scaled["id"], scaled["computedDesiredCount"]) == (task_set["id"], 2)
    assert scaled["stabilityStatus"] == "STEADY_STATE"
    region.call("cloudformation", "DeleteStack", StackName="s")
    ended(region, "")
