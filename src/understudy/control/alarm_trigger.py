"""An alarm as AWS's messages and scaling activities describe what it watches."""

from understudy.control.events import Params


def trigger(params: Params) -> Params:
    """The Trigger of an alarm with these parameters of PutMetricAlarm.

    AWS: Notifying users on alarm changes; API_Activity, Details.
    """
    common: Params = {
        "Period": params.get("Period"),
        "EvaluationPeriods": params.get("EvaluationPeriods"),
        "ComparisonOperator": params.get("ComparisonOperator"),
        "Threshold": params.get("Threshold"),
        "TreatMissingData": params.get("TreatMissingData", ""),
        "EvaluateLowSampleCountPercentile": params.get("EvaluateLowSampleCountPercentile", ""),
    }
    if "DatapointsToAlarm" in params:
        common["DatapointsToAlarm"] = params["DatapointsToAlarm"]
    if "Metrics" in params:
        return {**common, "Metrics": params["Metrics"]}
    return {**_metric(params), **common}


def _metric(params: Params) -> Params:
    extended = params.get("ExtendedStatistic")
    statistic = (
        {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": extended}
        if extended
        else {"StatisticType": "Statistic", "Statistic": str(params.get("Statistic", "")).upper()}
    )
    return {
        "MetricName": params.get("MetricName"),
        "Namespace": params.get("Namespace"),
        **statistic,
        "Unit": params.get("Unit"),
        "Dimensions": [
            {"value": each["Value"], "name": each["Name"]} for each in params.get("Dimensions", ())
        ],
    }
