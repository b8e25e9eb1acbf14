"""CloudWatch of one region, as the other machines and the plane see it."""

from collections.abc import Iterable, Mapping, Sequence

from understudy.control.cloudwatch import history
from understudy.control.cloudwatch.alarms import remove
from understudy.control.cloudwatch.books import Books, CloudWatchConfig
from understudy.control.cloudwatch.evaluation import evaluate
from understudy.control.cloudwatch.metric_alarms import put_metric_alarm
from understudy.control.cloudwatch.metric_query import get_metric_data
from understudy.control.cloudwatch.state import (
    AnyAlarm,
    CloudWatchState,
    CompositeAlarm,
    MetricAlarm,
)
from understudy.control.cloudwatch.transition import evaluate_composite, release
from understudy.control.cloudwatch.watch import Watch, watch
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.metrics.datapoint import Datapoint, Dimensions
from understudy.metrics.store import Roster
from understudy.metrics.window import MINUTE, SHORT_PERIODS, ZoneLoader


class CloudWatch:
    """The service. Also the ``Alarms`` of Application Auto Scaling.

    ``state`` is everything that is to be stored; ``zones`` loads time zones by their names, without
    it only offsets from UTC are known.
    """

    def __init__(
        self,
        state: CloudWatchState | None = None,
        config: CloudWatchConfig | None = None,
        zones: ZoneLoader | None = None,
    ) -> None:
        self.books = Books(state or CloudWatchState(), config or CloudWatchConfig(), zones)
        self._watches: dict[str, Watch] = {}
        resolutions = (*SHORT_PERIODS, MINUTE)
        self._delays = {each: self.books.config.delay(each) for each in resolutions}
        self._rosters: dict[tuple[str, str, str, str], Roster] = {}

    @property
    def state(self) -> CloudWatchState:
        """Everything that CloudWatch remembers; it can be encoded as it is."""
        return self.books.state

    def publish(
        self,
        namespace: str,
        name: str,
        dimensions: Dimensions,
        datapoint: Datapoint,
        turn: Turn,
        unit: str = "None",
        resolution: int = MINUTE,
    ) -> None:
        """Publish samples of a metric of an AWS service, which is seen after its delay.

        ``dimensions`` are sorted by name. ``resolution`` is how often, in seconds, the service
        reports the metric: 60, or 30, 20, 10, 5 or 1 for a high-resolution one.
        """
        delay = self._delays[resolution]
        key = (namespace, name, dimensions)
        self.books.state.store.publish(key, datapoint, turn.at, unit, resolution, delay)

    def publish_samples(
        self,
        metric: tuple[str, str, str],
        samples: Iterable[tuple[str, float]],
        start: float,
        turn: Turn,
        unit: str = "None",
    ) -> None:
        """Publish one sample of each of many metrics, of the minute that began at ``start``.

        ``metric`` is the namespace, the name and the dimension whose values ``samples`` name.
        """
        roster = self._rosters.get((*metric, unit))
        if roster is None:
            roster = self._rosters[*metric, unit] = Roster(*metric, unit)
        store, delay = self.books.state.store, self._delays[MINUTE]
        store.publish_samples(roster, samples, start, turn.at, MINUTE, delay)

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        """Evaluate an alarm, or end a wait of a composite alarm. Old timers do nothing."""
        alarm = self.books.state.alarms.get(key[1])
        ready = self._watches.get(key[1])
        if ready is None or ready.alarm is not alarm:
            ready = self._ready(alarm)
        if ready is not None:
            if ready.timer == key:
                evaluate(self.books, ready, turn)
        elif isinstance(alarm, CompositeAlarm) and alarm.incarnation == key[2]:
            if key[0] == "hold":
                release(alarm, key[3], turn)
            else:
                evaluate_composite(self.books, alarm, alarm, turn)

    def _ready(self, alarm: AnyAlarm | None) -> Watch | None:
        """A metric alarm made ready, and kept so for the next time."""
        alarms = self.state.alarms
        if len(self._watches) > 2 * len(alarms):
            there = {name: each for name, each in self._watches.items() if name in alarms}
            self._watches = there
        if not isinstance(alarm, MetricAlarm):
            return None
        ready = self._watches[alarm.name] = watch(alarm)
        return ready

    def alarm_state(self, name: str) -> str | None:
        """The state of an alarm, None if there is no such alarm."""
        alarm = self.books.alarm(name)
        return alarm.state if alarm else None

    def definition(self, name: str) -> tuple[Params, float] | None:
        """The parameters of an alarm and when its state changed last, None if there is none."""
        alarm = self.books.alarm(name)
        return (alarm.params, alarm.transitioned_at) if alarm else None

    def hourly(
        self, queries: Sequence[Params], start: float, end: float, turn: Turn
    ) -> Mapping[float, float]:
        """GetMetricData: the values of the query that returns data, by the start of their hour."""
        params = {"MetricDataQueries": list(queries), "StartTime": start, "EndTime": end}
        (result, *_) = get_metric_data(self.books, params, turn)["MetricDataResults"]
        return dict(zip(result["Timestamps"], result["Values"], strict=True))

    def record_action(self, alarm_name: str, action: str, summary: str, turn: Turn) -> None:
        """Write into the history what came of an action: ``Successfully executed action ...``."""
        history.record_action(self.books, alarm_name, action, summary, turn.at)

    def put(self, params: Params, turn: Turn) -> None:
        """PutMetricAlarm for another service."""
        put_metric_alarm(self.books, params, turn)

    def delete(self, names: tuple[str, ...], turn: Turn) -> None:
        """DeleteAlarms for another service; names that do not exist are passed over."""
        for name in names:
            alarm = self.state.alarms.get(name)
            if alarm is not None:
                remove(self.books, alarm, turn)
