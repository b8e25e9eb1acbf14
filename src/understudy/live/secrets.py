"""The values of secrets that containers are given, from Secrets Manager or Parameter Store.

AWS: Pass sensitive data to an Amazon ECS container.
"""

import json

from understudy.base.fault import Fault
from understudy.deploy.handler import Invoke
from understudy.live.world import LiveWorld


async def secret_of(world: LiveWorld, arn: str, region: str) -> str:
    """The value that an ARN (or a parameter's name) stands for. Raises Fault.

    An ARN of a secret may end in a key of its JSON, a version stage and a version id.
    """
    if ":secretsmanager:" not in arn:
        name = arn.partition(":parameter")[2] or arn
        found = await _asked(
            world, Invoke("ssm", "GetParameter", {"Name": name, "WithDecryption": True}), region
        )
        return str(found["Parameter"]["Value"])
    parts = arn.split(":")
    secret, key = ":".join(parts[:7]), parts[7] if len(parts) > 7 else ""
    found = await _asked(
        world, Invoke("secretsmanager", "GetSecretValue", {"SecretId": secret}), region
    )
    text = str(found["SecretString"])
    return str(json.loads(text)[key]) if key else text


async def _asked(world: LiveWorld, invoke: Invoke, region: str) -> dict[str, dict[str, str]]:
    answer = await world.look_up(invoke, region)
    if isinstance(answer, Fault):
        raise answer
    return answer
