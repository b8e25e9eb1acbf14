"""What services outside the engine answer in the simulated world: just enough to go on."""

from understudy.base.arn import ACCOUNT
from understudy.base.fault import Fault
from understudy.control.events import Call, Params


class Answers:
    """Buckets exist once they are created; everything else is acknowledged."""

    def __init__(self) -> None:
        self._buckets: set[str] = set()

    def answer(self, call: Call) -> Params:
        """The output of a call. Raises Fault."""
        if call.service == "s3":
            return self._s3(call.operation, call.params)
        if call.operation == "CreateRole":
            name = call.params["RoleName"]
            role = {"Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "RoleId": f"AROA{name.upper()}"}
            return {"Role": role}
        return {}

    def _s3(self, operation: str, params: Params) -> Params:
        name = params["Bucket"]
        if operation == "CreateBucket":
            self._buckets.add(name)
        elif operation == "HeadBucket" and name not in self._buckets:
            raise Fault("NoSuchBucket", "The specified bucket does not exist", 404)
        elif operation == "DeleteBucket":
            self._buckets.discard(name)
        return {}
