"""Every CloudFormation operation that is offered."""

from collections.abc import Callable, Mapping

from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy import change_sets, describe, stacks
from understudy.deploy.service import CloudFormation

Operation = Callable[[CloudFormation, Params, Turn], Params]

OPERATIONS: Mapping[str, Operation] = {
    "CreateStack": stacks.create_stack,
    "UpdateStack": stacks.update_stack,
    "DeleteStack": stacks.delete_stack,
    "CreateChangeSet": change_sets.create_change_set,
    "DescribeChangeSet": change_sets.describe_change_set,
    "ExecuteChangeSet": change_sets.execute_change_set,
    "DeleteChangeSet": change_sets.delete_change_set,
    "ListChangeSets": change_sets.list_change_sets,
    "DescribeStacks": describe.describe_stacks,
    "ListStacks": describe.list_stacks,
    "DescribeStackEvents": describe.describe_stack_events,
    "DescribeStackResource": describe.describe_stack_resource,
    "DescribeStackResources": describe.describe_stack_resources,
    "ListStackResources": describe.list_stack_resources,
    "GetTemplate": describe.get_template,
    "GetTemplateSummary": describe.get_template_summary,
    "ValidateTemplate": describe.validate_template,
}
