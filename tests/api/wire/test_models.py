"""Service models are read when they are first asked for, and botocore itself is not imported."""

import subprocess
import sys

import pytest

from understudy.api.wire.catalogue import catalogue
from understudy.api.wire.models import operation_model, service_model


@pytest.mark.parametrize("name", ["magic", "", "..", "../data/ec2", "ec2/2016-11-15", "*"])
def test_what_is_no_service_has_no_model(name: str) -> None:
    with pytest.raises(LookupError, match="no service model"):
        service_model(name)


def test_what_is_no_operation_has_no_model() -> None:
    with pytest.raises(LookupError, match="sts has no operation 'Magic'"):
        operation_model("sts", "Magic")


def test_the_newest_version_of_an_api_is_taken() -> None:
    assert service_model("ec2").metadata.api_version == "2016-11-15"


def test_every_service_is_in_the_catalogue() -> None:
    known = catalogue()
    assert len(known.metadata) > 400
    assert known.by_signing_name["sagemaker"][:2] == ("sagemaker", "sagemaker-a2i-runtime")
    assert known.by_endpoint_prefix["monitoring"] == ("cloudwatch",)
    assert known.by_target_prefix["GraniteServiceVersion20100801"] == ("cloudwatch",)
    assert known.by_version["2011-06-15"] == ("sts",)


def test_the_catalogue_says_what_the_model_says() -> None:
    for name in ("sagemaker", "cloudwatch", "s3", "sqs", "elbv2"):
        assert catalogue().metadata[name] == service_model(name).metadata


LAZY = """
import sys
import understudy.api.wire as wire
from understudy.api.wire.models import service_model
assert service_model.cache_info().currsize == 0
headers = {"x-amz-target": "AnyScaleFrontendService.DescribeScalingPolicies"}
request = wire.WireRequest("POST", "/", "", headers, b'{"ServiceNamespace": "sagemaker"}')
call = wire.identify(request)
wire.validate(call, wire.decode(call, request))
wire.encode(call, {"ScalingPolicies": []}, "rid")
assert service_model.cache_info().currsize == 1
assert "botocore" not in sys.modules
"""


@pytest.mark.processes
def test_a_request_reads_one_model_and_imports_no_botocore() -> None:
    subprocess.run([sys.executable, "-c", LAZY], check=True, env={"PYTHONPATH": ":".join(sys.path)})
