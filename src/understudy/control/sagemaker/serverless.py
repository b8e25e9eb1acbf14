"""Serverless variants: environments that come with requests and go when they are idle.

An environment is one process of the model server and has one request at a time. AWS: Deploy models
with Amazon SageMaker Serverless Inference (scales to 0 without requests, a cold start where compute
resources have to be launched, ProvisionedConcurrency stays warm). How long an idle environment is
kept AWS does not say.
"""

from understudy.base.fault import Fault, validation_exception
from understudy.control.events import Params, Serverless
from understudy.control.sagemaker.state import Variant

IDLE_SECONDS = 600.0
"""How long an environment is kept after its last request; our choice."""
MEMORY_STEP = 1024


def of_config(variant: Params) -> Serverless | None:
    """The serverless configuration of a production variant, None for one on instances.

    Raises Fault where AWS would refuse it.
    """
    told = variant.get("ServerlessConfig")
    if told is None:
        return None
    if "InstanceType" in variant or "InitialInstanceCount" in variant:
        raise validation_exception(
            "ServerlessConfig can not be specified together with InstanceType or "
            f"InitialInstanceCount for production variant {variant['VariantName']}."
        )
    found = Serverless(
        told["MemorySizeInMB"], told["MaxConcurrency"], told.get("ProvisionedConcurrency", 0)
    )
    if found.memory % MEMORY_STEP:
        raise validation_exception(
            f"MemorySizeInMB {found.memory} is not valid: it has to be 1024, 2048, 3072, 4096, "
            "5120 or 6144."
        )
    check_provisioned(found, found.provisioned)
    return found


def check_provisioned(serverless: Serverless, count: int) -> None:
    """Refuse more provisioned concurrency than the maximum. Raises Fault."""
    if count > serverless.maximum:
        raise validation_exception(
            f"ProvisionedConcurrency {count} should be less than or equal to MaxConcurrency "
            f"{serverless.maximum}."
        )


def alone(variants: list[Params]) -> Fault | None:
    """Why these variants cannot be of one endpoint: a serverless variant has no other beside it.

    AWS: Serverless Inference, feature exclusions (multiple production variants).
    """
    if len(variants) > 1 and any("ServerlessConfig" in each for each in variants):
        return validation_exception("A serverless endpoint can have only one production variant.")
    return None


def least(variant: Variant) -> int:
    """The environments that a new variant starts with: one at least shows that the model runs."""
    assert variant.serverless is not None
    return max(1, variant.serverless.provisioned)


def at_work(variant: Variant, count: int, at: float) -> None:
    """Note that so many environments of a variant were at work at a time."""
    missing = count - len(variant.busy)
    variant.busy.extend([at] * missing)
    for index in range(min(count, len(variant.busy))):
        variant.busy[index] = max(variant.busy[index], at)


def wanted(variant: Variant, at: float) -> int:
    """How many environments a variant shall have: those not idle for long, provisioned ones.

    >>> variant = Variant("a", "m", "", 0, 1.0, {}, serverless=Serverless(2048, 5, 1))
    >>> at_work(variant, 3, 1000.0)
    >>> at_work(variant, 2, 1400.0)
    >>> [wanted(variant, at) for at in (1500.0, 1700.0, 2000.0)]
    [3, 2, 1]
    """
    assert variant.serverless is not None
    kept = sum(at < busy + IDLE_SECONDS for busy in variant.busy)
    return min(max(kept, variant.serverless.provisioned), variant.serverless.maximum)
