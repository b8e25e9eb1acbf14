"""What a handler has to look up before CloudFormation itself can do what it wishes."""

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.handler import Invoke, Steps
from understudy.deploy.outside import with_found
from understudy.deploy.services import OWNER


def looked_up(operation: str, wish: Params) -> Steps[Params]:
    """The wish, with all that the operation needs to know of the world."""
    while True:
        answer = yield Invoke(OWNER, "HandlerNeeds", {"Operation": operation, "Params": wish})
        if not answer["Needs"]:
            return wish
        for service, name, params in answer["Needs"]:
            invoke = Invoke(service, name, params)
            try:
                found: Params | Fault = yield invoke
            except Fault as fault:
                found = fault
            wish = with_found(wish, invoke, found)
