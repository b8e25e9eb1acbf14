"""How a run was measured, in plain words."""

from understudy.control.outcome import Outcome

_PERCENTILES = (
    "Percentiles are nearest-rank over the requests that succeeded. An objective is met by the "
    "share of all requests that were sent: a failed request meets none."
)
_COST = (
    "Cost is the time of every instance from provisioned to released, in whole clock seconds and "
    "within the run, at the on-demand price above. SageMaker bills by the second with no minimum. "
    "Storage, data transfer and tax are not in it."
)


def how_measured(run: Outcome) -> tuple[str, ...]:
    """What to know about the numbers, one paragraph each."""
    return (
        _time(run),
        _answers(run),
        _PERCENTILES,
        _COST,
        _traffic(run),
        *_scenario(run),
    )


def _scenario(run: Outcome) -> tuple[str, ...]:
    if not run.scenario:
        return ()
    return (f"Made to happen, from the start of the traffic: {'; '.join(run.scenario)}.",)


def _traffic(run: Outcome) -> str:
    return (
        f"The traffic is {run.traffic}; arrivals within its periods are drawn with seed "
        f"{run.seed}, so the same seed sends the same requests at the same times."
    )


def _time(run: Outcome) -> str:
    if run.speed is None:
        return "Everything happened in virtual time: no clock was waited for."
    if run.speed == 1:
        return "The run took place in real time: every request was sent when the traffic has it."
    faster = f"{run.speed:g} times faster than the clock"
    if run.load_mode == "sampled":
        return (
            f"The world ran {faster}. Load was sampled: requests were sent at the traffic's own "
            f"rate and each stands for {run.stands_for:g} in all counts. Latencies are as "
            f"measured. "
            f"A queue had {run.speed:g} times less time to build up than it would have on AWS."
        )
    return (
        f"The world ran {faster}. Load was dilated: every request was sent, {run.speed:g} times "
        f"faster, and latencies are the measured ones times {run.speed:g}."
    )


def _answers(run: Outcome) -> str:
    if run.world == "simulated":
        return (
            "Nothing was sent: each request was routed and queued as the data plane does, and its "
            "service time was drawn from what was measured or given."
        )
    if run.stand_in:
        return (
            "Requests were answered by a stand-in, not by a model: its service time was given, not "
            "measured. Queues, scaling and failures are real; latencies are as good as that time."
        )
    return (
        "Requests were answered by the model's own code on this machine. On an instance of AWS it "
        "may be faster or slower."
    )
