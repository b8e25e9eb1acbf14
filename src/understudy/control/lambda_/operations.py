"""The operations of Lambda under AWS's names. Invoke is the world's: a function runs there."""

from collections.abc import Callable, Mapping

from understudy.control.events import Params
from understudy.control.lambda_ import aliases, functions
from understudy.control.lambda_.service import Lambda
from understudy.control.turn import Turn

OPERATIONS: Mapping[str, Callable[[Lambda, Params, Turn], Params]] = {
    "AddPermission": aliases.add_permission,
    "CreateAlias": aliases.create_alias,
    "CreateEventSourceMapping": aliases.create_mapping,
    "CreateFunction": functions.create_function,
    "DeleteAlias": aliases.delete_alias,
    "DeleteEventSourceMapping": aliases.delete_mapping,
    "DeleteFunction": functions.delete_function,
    "GetAlias": aliases.get_alias,
    "GetEventSourceMapping": aliases.get_mapping,
    "GetFunction": functions.get_function,
    "GetFunctionConfiguration": functions.get_function_configuration,
    "GetPolicy": aliases.get_policy,
    "ListAliases": aliases.list_aliases,
    "ListEventSourceMappings": aliases.list_mappings,
    "ListFunctions": functions.list_functions,
    "ListTags": aliases.list_tags,
    "ListVersionsByFunction": functions.list_versions_by_function,
    "PublishVersion": functions.publish_version,
    "RemovePermission": aliases.remove_permission,
    "TagResource": aliases.tag_resource,
    "UntagResource": aliases.untag_resource,
    "UpdateAlias": aliases.update_alias,
    "UpdateEventSourceMapping": aliases.update_mapping,
    "UpdateFunctionCode": functions.update_function_code,
    "UpdateFunctionConfiguration": functions.update_function_configuration,
    "understudy:Runnable": functions.runnable,
}
"""The last one is for the world alone: what it has to run."""
