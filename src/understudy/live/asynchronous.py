"""Asynchronous inferences of the live world: from S3 through the front door to S3."""

import asyncio
import http.client
from urllib.parse import urlsplit

from understudy.base.fault import Fault, validation_error
from understudy.base.hosts import object_at
from understudy.control.events import Call, Params
from understudy.live.objects import StoredObjects

LONGEST_SECONDS = 3600.0
"""AWS: InvokeEndpointAsync, InvocationTimeoutSeconds."""
HEADERS = {
    "Accept": "Accept",
    "ContentType": "Content-Type",
    "CustomAttributes": "X-Amzn-SageMaker-Custom-Attributes",
    "InferenceId": "X-Amzn-SageMaker-Inference-Id",
}


class AsynchronousInferences:
    """Takes inputs from the object store, and puts there what models say to them."""

    def __init__(self, objects: StoredObjects, endpoint: str) -> None:
        self._objects = objects
        self._endpoint = endpoint

    async def answer(self, call: Call) -> Params:
        """Invoke an endpoint with an object, and keep the answer. Raises Fault if it failed."""
        return await asyncio.to_thread(self._answer, call)

    def _answer(self, call: Call) -> Params:
        params = call.params
        body = self._objects.bytes(_where(params["InputLocation"]), call.region)
        status, said, kind = self._invoke(params, call.region, body)
        if status == 200:
            self._put(params["OutputLocation"], said, kind, call.region)
            return {}
        if "FailureLocation" in params:
            self._put(params["FailureLocation"], said, kind, call.region)
        raise Fault("ModelError", said.decode(errors="replace"), 424)

    def _invoke(self, params: Params, region: str, body: bytes) -> tuple[int, bytes, str]:
        address = urlsplit(self._endpoint)
        headers = {name: params[member] for member, name in HEADERS.items() if member in params}
        headers["X-Understudy-Asynchronous"] = "true"
        scope = f"engine/20260101/{region}/sagemaker/aws4_request"
        headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}"
        door = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=LONGEST_SECONDS
        )
        try:
            path = f"/endpoints/{params['EndpointName']}/invocations"
            door.request("POST", path, body, headers)
            answer = door.getresponse()
            kind = answer.getheader("Content-Type") or "application/octet-stream"
            return answer.status, answer.read(), kind
        except OSError as error:
            raise Fault("ModelError", f"The invocation was cut off: {error}", 424) from error
        finally:
            door.close()

    def _put(self, url: str, body: bytes, kind: str, region: str) -> None:
        params = {**_where(url), "Body": body, "ContentType": kind}
        self._objects.call("PutObject", params, region)


def _where(url: str) -> Params:
    found = object_at(url)
    if found is None:
        raise validation_error(f"{url} is not the URL of an S3 object.")
    return found
