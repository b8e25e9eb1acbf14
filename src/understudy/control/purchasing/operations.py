"""The operations that buy and show commitments, by service, under AWS's names."""

from collections.abc import Callable, Mapping

from understudy.control.events import Params
from understudy.control.purchasing import (
    capacity_reservations,
    declared,
    exchanges,
    modifications,
    reserved_instances,
    savings_plans,
)
from understudy.control.purchasing.service import Purchasing
from understudy.control.turn import Turn

Operation = Callable[[Purchasing, Params, Turn], Params]

EC2_OPERATIONS: Mapping[str, Operation] = {
    "AcceptReservedInstancesExchangeQuote": exchanges.accept,
    "CancelCapacityReservation": capacity_reservations.cancel,
    "CreateCapacityReservation": capacity_reservations.create,
    "DescribeCapacityReservations": capacity_reservations.describe,
    "DescribeReservedInstances": reserved_instances.describe_owned,
    "DescribeReservedInstancesModifications": modifications.describe,
    "DescribeReservedInstancesOfferings": reserved_instances.describe_offerings,
    "GetReservedInstancesExchangeQuote": exchanges.quote,
    "ModifyCapacityReservation": capacity_reservations.modify,
    "ModifyReservedInstances": modifications.modify,
    "PurchaseReservedInstancesOffering": reserved_instances.purchase_offering,
}

SAVINGS_PLANS_OPERATIONS: Mapping[str, Operation] = {
    "CreateSavingsPlan": savings_plans.create_plan,
    "DescribeSavingsPlans": savings_plans.describe_plans,
    "DescribeSavingsPlansOfferingRates": savings_plans.describe_offering_rates,
    "DescribeSavingsPlansOfferings": savings_plans.describe_offerings,
}

OWN_OPERATIONS: Mapping[str, Operation] = {"PutCommitments": declared.put_commitments}
"""What AWS does not offer."""
