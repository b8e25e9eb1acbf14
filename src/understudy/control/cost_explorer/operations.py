"""The operations of Cost Explorer that are answered, under AWS's names."""

from collections.abc import Callable, Mapping

from understudy.control.cost_explorer import commitments, costs
from understudy.control.cost_explorer.service import CostExplorer
from understudy.control.events import Params
from understudy.control.turn import Turn

OPERATIONS: Mapping[str, Callable[[CostExplorer, Params, Turn], Params]] = {
    "GetCostAndUsage": costs.get_cost_and_usage,
    "GetReservationCoverage": commitments.get_reservation_coverage,
    "GetReservationUtilization": commitments.get_reservation_utilization,
    "GetSavingsPlansCoverage": commitments.get_savings_plans_coverage,
    "GetSavingsPlansUtilization": commitments.get_savings_plans_utilization,
}
