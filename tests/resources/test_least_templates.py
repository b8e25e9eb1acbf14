"""Least templates of recorded types, two to a template: deployed, updated, in sync, deleted."""

import json
from typing import Any

import pytest

from understudy.app.schemas import resource_types, schemas_of
from understudy.base.identity import Ids
from understudy.cloudformation.schema import Schema
from understudy.cloudformation.specimen import specimen
from understudy.testing.region import Region

SCHEMAS = schemas_of("us-east-1")
NAMES = (
    "ApiGatewayV2::Api AppConfig::Application AppRunner::Service AppSync::GraphQLApi "
    "Athena::WorkGroup Backup::BackupVault Batch::ComputeEnvironment Batch::JobDefinition "
    "Batch::JobQueue Bedrock::Agent Bedrock::Guardrail Bedrock::KnowledgeBase Budgets::Budget "
    "CloudFront::Distribution CloudFront::OriginAccessControl CloudTrail::Trail "
    "CodeBuild::Project CodeCommit::Repository CodeDeploy::Application CodePipeline::Pipeline "
    "Cognito::IdentityPool Cognito::UserPool Config::ConfigRule EC2::NetworkInsightsPath "
    "EC2::PlacementGroup EC2::PrefixList EC2::VPNConnection CodeDeploy::DeploymentGroup "
    "EFS::AccessPoint EFS::FileSystem EFS::MountTarget EKS::Cluster EKS::Nodegroup EMR::Cluster "
    "ElastiCache::ReplicationGroup ElastiCache::SubnetGroup Elasticsearch::Domain "
    "FSx::FileSystem Glue::Crawler Glue::Database Glue::Job GuardDuty::Detector "
    "ImageBuilder::Component IoT::Policy IoT::Thing KinesisFirehose::DeliveryStream "
    "Lambda::LayerVersion Lambda::Url MSK::Cluster OpenSearchService::Domain Pipes::Pipe "
    "RDS::DBCluster RDS::DBInstance RDS::DBSubnetGroup Redshift::Cluster "
    "S3::AccessPoint SES::EmailIdentity SageMaker::Domain SageMaker::FeatureGroup "
    "SageMaker::ModelPackageGroup SageMaker::NotebookInstance SageMaker::Pipeline "
    "SageMaker::Project Scheduler::Schedule SecurityHub::Hub ServiceDiscovery::Service "
    "ServiceDiscovery::PrivateDnsNamespace WAFv2::WebACL"
)
"""What public templates have besides what runs and what is kept."""
PUBLIC = NAMES.split()
PAIRS = [
    (f"AWS::{first}", f"AWS::{second}")
    for first, second in zip(PUBLIC[::2], PUBLIC[1::2], strict=True)
]


def least(name: str, note: str, seed: int) -> dict[str, Any]:
    """The least resource of a type, with a note where it can be changed in place."""
    schema = SCHEMAS.get(name)
    assert schema is not None
    properties = specimen(schema.raw, schema, Ids(seed))
    return {"Type": name, "Properties": {**properties, **_noted(schema, note)}}


def _noted(schema: Schema, note: str) -> dict[str, Any]:
    fixed = {pointer[0] for pointer in (*schema.create_only, *schema.read_only)}
    if schema.properties.get("Description", {}).get("type") == "string":
        return {} if "Description" in fixed else {"Description": f"{note} note"}
    kind = schema.resolved(schema.properties.get(schema.tags, {})).get("type")
    if schema.tags and schema.tags not in fixed and kind == "array":
        return {schema.tags: [{"Key": "Note", "Value": note}]}
    return {}


def deployed(region: Region, operation: str, pair: tuple[str, str], note: str) -> str:
    resources = {f"R{n}": least(name, note, n) for n, name in enumerate(pair)}
    resources["R0"]["Metadata"] = {"Note": note}
    body = json.dumps({"Resources": resources})
    region.call("cloudformation", operation, StackName="app", TemplateBody=body)
    region.advance(60)
    (stack,) = region.call("cloudformation", "DescribeStacks", StackName="app")["Stacks"]
    events = region.call("cloudformation", "DescribeStackEvents", StackName="app")["StackEvents"]
    failed = [e["ResourceStatusReason"] for e in events if e["ResourceStatus"].endswith("FAILED")]
    return "\n".join([stack["StackStatus"], *map(str, failed)])


@pytest.mark.parametrize("pair", PAIRS, ids=[" and ".join(pair) for pair in PAIRS])
def test_a_pair_is_deployed_updated_in_sync_and_deleted(pair: tuple[str, str]) -> None:
    assert {resource_types()[name].fidelity for name in pair} == {"recorded"}
    region = Region()
    assert deployed(region, "CreateStack", pair, "first") == "CREATE_COMPLETE"
    assert deployed(region, "UpdateStack", pair, "second") == "UPDATE_COMPLETE"
    region.call("cloudformation", "DetectStackDrift", StackName="app")
    region.advance(10)
    found = region.call("cloudformation", "DescribeStackResourceDrifts", StackName="app")
    drifted = {each["StackResourceDriftStatus"] for each in found["StackResourceDrifts"]}
    assert drifted == {"IN_SYNC"}
    region.call("cloudformation", "DeleteStack", StackName="app")
    region.advance(60)
    assert region.call("cloudformation", "DescribeStacks")["Stacks"] == []
