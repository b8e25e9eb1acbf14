"""Every CloudFormation operation that is offered, and those that handlers alone may call."""

from collections.abc import Callable, Mapping

from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy import (
    change_sets,
    describe,
    describe_events,
    describe_resources,
    drift,
    exports,
    hooks,
    needs,
    nested,
    recovery,
    registry,
    signalling,
    signals,
    stacks,
    templates,
)
from understudy.deploy.refactors import operations as refactors
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack_sets import operations as stack_sets

Operation = Callable[[CloudFormation, Params, Turn], Params]

OPERATIONS: Mapping[str, Operation] = {
    "CreateStack": stacks.create_stack,
    "UpdateStack": stacks.update_stack,
    "DeleteStack": stacks.delete_stack,
    "UpdateTerminationProtection": stacks.update_termination_protection,
    "SetStackPolicy": stacks.set_stack_policy,
    "GetStackPolicy": stacks.get_stack_policy,
    "CancelUpdateStack": recovery.cancel_update_stack,
    "ContinueUpdateRollback": recovery.continue_update_rollback,
    "RollbackStack": recovery.rollback_stack,
    "SignalResource": signalling.signal_resource,
    "CreateChangeSet": change_sets.create_change_set,
    "DescribeChangeSet": change_sets.describe_change_set,
    "ExecuteChangeSet": change_sets.execute_change_set,
    "DeleteChangeSet": change_sets.delete_change_set,
    "ListChangeSets": change_sets.list_change_sets,
    "DescribeStacks": describe.describe_stacks,
    "ListStacks": describe.list_stacks,
    "DescribeStackEvents": describe_events.describe_stack_events,
    "DescribeEvents": describe_events.describe_events,
    "DescribeStackResource": describe_resources.describe_stack_resource,
    "DescribeStackResources": describe_resources.describe_stack_resources,
    "ListStackResources": describe_resources.list_stack_resources,
    "ListExports": exports.list_exports,
    "ListImports": exports.list_imports,
    "DetectStackDrift": drift.detect_stack_drift,
    "DetectStackResourceDrift": drift.detect_resource_drift,
    "DescribeStackDriftDetectionStatus": drift.describe_detection,
    "DescribeStackResourceDrifts": drift.describe_resource_drifts,
    "DescribeChangeSetHooks": hooks.describe_change_set_hooks,
    "ListHookResults": hooks.list_hook_results,
    "GetHookResult": hooks.get_hook_result,
    "GetTemplate": templates.get_template,
    "GetTemplateSummary": templates.get_template_summary,
    "ValidateTemplate": templates.validate_template,
    "EstimateTemplateCost": templates.estimate_template_cost,
    "DescribeAccountLimits": registry.describe_account_limits,
    "DescribeType": registry.describe_type,
    "ListTypes": registry.list_types,
    **stack_sets.OPERATIONS,
    **refactors.OPERATIONS,
}

OWN: Mapping[str, Operation] = {
    **nested.OPERATIONS,
    **stack_sets.BETWEEN_REGIONS,
    "HandlerNeeds": needs.handler_needs,
    "RecordedResource": describe_resources.recorded_resource,
    signals.RECEIVED: signalling.received,
    signals.NOW: signalling.now,
    "CreateWaitConditionHandle": signalling.create_handle,
    "SignalWaitConditionHandle": signalling.signal_handle,
}
"""What no client can call: for handlers, and for whoever takes what is PUT to a handle."""
