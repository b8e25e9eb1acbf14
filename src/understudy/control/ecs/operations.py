"""The table of everything that ECS offers."""

from collections.abc import Callable, Mapping

from understudy.control.ecs import (
    account_settings,
    capacity_providers,
    clusters,
    container_instances,
    service_deployments,
    service_description,
    services,
    standalone,
    tags,
    task_definitions,
    task_description,
)
from understudy.control.ecs.service import Ecs
from understudy.control.events import Params
from understudy.control.turn import Turn

Operation = Callable[[Ecs, Params, Turn], Params]

OPERATIONS: Mapping[str, Operation] = {
    "CreateCluster": clusters.create_cluster,
    "DescribeClusters": clusters.describe_clusters,
    "ListClusters": clusters.list_clusters,
    "UpdateCluster": clusters.update_cluster,
    "UpdateClusterSettings": clusters.update_cluster,
    "PutClusterCapacityProviders": clusters.put_cluster_capacity_providers,
    "DeleteCluster": clusters.delete_cluster,
    "RegisterTaskDefinition": task_definitions.register_task_definition,
    "DescribeTaskDefinition": task_definitions.describe_task_definition,
    "ListTaskDefinitions": task_definitions.list_task_definitions,
    "ListTaskDefinitionFamilies": task_definitions.list_task_definition_families,
    "DeregisterTaskDefinition": task_definitions.deregister_task_definition,
    "DeleteTaskDefinitions": task_definitions.delete_task_definitions,
    "CreateService": services.create_service,
    "DescribeServices": service_description.describe_services,
    "ListServices": service_description.list_services,
    "UpdateService": services.update_service,
    "DeleteService": services.delete_service,
    "ListServiceDeployments": service_deployments.list_service_deployments,
    "DescribeServiceDeployments": service_deployments.describe_service_deployments,
    "DescribeServiceRevisions": service_deployments.describe_service_revisions,
    "StopServiceDeployment": service_deployments.stop_service_deployment,
    "RunTask": standalone.run_task,
    "StartTask": standalone.start_task,
    "StopTask": standalone.stop_task,
    "DescribeTasks": task_description.describe_tasks,
    "ListTasks": task_description.list_tasks,
    "GetTaskProtection": standalone.get_task_protection,
    "UpdateTaskProtection": standalone.update_task_protection,
    "DescribeContainerInstances": container_instances.describe_container_instances,
    "ListContainerInstances": container_instances.list_container_instances,
    "UpdateContainerInstancesState": container_instances.update_container_instances_state,
    "DeregisterContainerInstance": container_instances.deregister_container_instance,
    "PutAttributes": container_instances.put_attributes,
    "ListAttributes": container_instances.list_attributes,
    "DeleteAttributes": container_instances.delete_attributes,
    "CreateCapacityProvider": capacity_providers.create_capacity_provider,
    "DescribeCapacityProviders": capacity_providers.describe_capacity_providers,
    "UpdateCapacityProvider": capacity_providers.update_capacity_provider,
    "DeleteCapacityProvider": capacity_providers.delete_capacity_provider,
    "PutAccountSetting": account_settings.put_account_setting,
    "PutAccountSettingDefault": account_settings.put_account_setting,
    "ListAccountSettings": account_settings.list_account_settings,
    "DeleteAccountSetting": account_settings.delete_account_setting,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "ListTagsForResource": tags.list_tags_for_resource,
}
