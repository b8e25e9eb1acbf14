"""A SageMaker endpoint that scales with its traffic, as a CDK app in two stacks."""

import gzip
import io
import os
import tarfile
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_sagemaker as sagemaker

HERE = Path(__file__).parent
MODEL = HERE.parent / "digits-endpoint" / "model"
IMAGE = "683313688378.dkr.ecr.{region}.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"


def packed(folder: Path) -> str:
    """The model as the archive that SageMaker wants; the same files give the same bytes."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            entry.size = path.stat().st_size
            with path.open("rb") as file:
                tar.addfile(entry, file)
    made = HERE / "build" / "model.tar.gz"
    made.parent.mkdir(exist_ok=True)
    made.write_bytes(gzip.compress(archive.getvalue(), mtime=0))
    return str(made)


class ModelStack(cdk.Stack):
    """The model and the role that it runs under."""

    def __init__(self, scope: cdk.App, name: str) -> None:
        super().__init__(scope, name)
        archive = assets.Asset(self, "Archive", path=packed(MODEL))
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        archive.grant_read(role)
        self.model = sagemaker.CfnModel(
            self,
            "Model",
            execution_role_arn=role.role_arn,
            primary_container=sagemaker.CfnModel.ContainerDefinitionProperty(
                image=IMAGE.format(region=self.region),
                model_data_url=archive.s3_object_url,
                environment={
                    "SAGEMAKER_PROGRAM": "inference.py",
                    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
                },
            ),
        )
        self.model.node.add_dependency(role)


class EndpointStack(cdk.Stack):
    """The endpoint and how it scales."""

    def __init__(self, scope: cdk.App, name: str, model: sagemaker.CfnModel) -> None:
        super().__init__(scope, name)
        config = sagemaker.CfnEndpointConfig(
            self,
            "Config",
            production_variants=[
                sagemaker.CfnEndpointConfig.ProductionVariantProperty(
                    variant_name="AllTraffic",
                    model_name=model.attr_model_name,
                    instance_type=self.node.try_get_context("instance-type") or "ml.m5.large",
                    initial_instance_count=1,
                    initial_variant_weight=1,
                )
            ],
        )
        endpoint = sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_config_name=config.attr_endpoint_config_name,
            retain_all_variant_properties=True,
        )
        target = scaling.CfnScalableTarget(
            self,
            "Target",
            service_namespace="sagemaker",
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            resource_id=f"endpoint/{endpoint.attr_endpoint_name}/variant/AllTraffic",
            min_capacity=1,
            max_capacity=4,
        )
        scaling.CfnScalingPolicy(
            self,
            "Policy",
            policy_name="invocations-per-instance",
            policy_type="TargetTrackingScaling",
            scaling_target_id=target.ref,
            target_tracking_scaling_policy_configuration=scaling.CfnScalingPolicy.TargetTrackingScalingPolicyConfigurationProperty(
                target_value=600,
                predefined_metric_specification=scaling.CfnScalingPolicy.PredefinedMetricSpecificationProperty(
                    predefined_metric_type="SageMakerVariantInvocationsPerInstance"
                ),
            ),
        )
        cdk.CfnOutput(self, "EndpointName", value=endpoint.attr_endpoint_name)


app = cdk.App()
prefix = os.environ.get("STACK_PREFIX", "Digits")
models = ModelStack(app, f"{prefix}Model")
EndpointStack(app, f"{prefix}Endpoint", models.model)
app.synth()
