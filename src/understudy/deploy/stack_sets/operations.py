"""The operations on StackSets: for clients, and between regions."""

from collections.abc import Callable, Mapping

from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack_sets import describe, errands, instances, running, sets

OPERATIONS: Mapping[str, Callable[[CloudFormation, Params, Turn], Params]] = {
    "CreateStackSet": sets.create_stack_set,
    "UpdateStackSet": sets.update_stack_set,
    "DeleteStackSet": sets.delete_stack_set,
    "DescribeStackSet": describe.describe_stack_set,
    "ListStackSets": describe.list_stack_sets,
    "CreateStackInstances": instances.create_stack_instances,
    "UpdateStackInstances": instances.update_stack_instances,
    "DeleteStackInstances": instances.delete_stack_instances,
    "ImportStacksToStackSet": instances.import_stacks,
    "DetectStackSetDrift": instances.detect_drift,
    "StopStackSetOperation": instances.stop_operation,
    "DescribeStackInstance": describe.describe_stack_instance,
    "ListStackInstances": describe.list_stack_instances,
    "DescribeStackSetOperation": describe.describe_operation,
    "ListStackSetOperations": describe.list_operations,
    "ListStackSetOperationResults": describe.list_results,
    "ListStackInstanceResourceDrifts": describe.list_resource_drifts,
    "DescribeOrganizationsAccess": describe.describe_organizations_access,
}
BETWEEN_REGIONS: Mapping[str, Callable[[CloudFormation, Params, Turn], Params]] = {
    running.PERFORM: errands.perform,
    running.MADE: running.made,
    running.SETTLED: running.settled,
}
LOOKS: Mapping[str, Callable[[CloudFormation, Params, Turn], object]] = {
    "CreateStackSet": sets.look_create,
    "UpdateStackSet": sets.look_update,
    "CreateStackInstances": instances.look,
    "UpdateStackInstances": instances.look,
    "DeleteStackInstances": instances.look,
    "DetectStackSetDrift": instances.look,
    "ImportStacksToStackSet": instances.look_import,
}
"""What has to be known before a client's call can be answered."""
