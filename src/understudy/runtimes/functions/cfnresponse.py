"""The module that AWS puts beside inline code in Python: it answers a custom resource's request.

AWS: cfn-response module.
"""

import json
from typing import Any

import urllib3

SUCCESS = "SUCCESS"
FAILED = "FAILED"

_http = urllib3.PoolManager()


def send(
    event: dict[str, Any],
    context: Any,
    responseStatus: str,  # noqa: N803 - AWS's names
    responseData: dict[str, Any] | None,  # noqa: N803
    physicalResourceId: str | None = None,  # noqa: N803
    noEcho: bool = False,  # noqa: N803, FBT001, FBT002
    reason: str | None = None,
) -> None:
    """Put the answer where the request says."""
    where = context.log_stream_name
    body = {
        "Status": responseStatus,
        "Reason": reason or f"See the details in CloudWatch Log Stream: {where}",
        "PhysicalResourceId": physicalResourceId or where,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }
    text = json.dumps(body)
    headers = {"content-type": "", "content-length": str(len(text))}
    try:
        answer = _http.request("PUT", event["ResponseURL"], headers=headers, body=text)
        print("Status code:", answer.status)
    except urllib3.exceptions.HTTPError as error:
        print("send(..) failed executing http.request(..):", error)
