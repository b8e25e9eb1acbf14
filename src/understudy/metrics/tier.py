"""The rows of one metric at one resolution: 40 bytes each, in order, ready to be stored."""

from collections.abc import Iterator, Sequence
from struct import Struct as Layout

from msgspec import Struct, field

from understudy.metrics import distribution
from understudy.metrics.datapoint import Datapoint, Row
from understudy.metrics.distribution import EXACT_VALUES, UNKNOWN, Distribution

_LAYOUT = Layout("5d")
_PACK = _LAYOUT.pack
_UNPACK = _LAYOUT.unpack_from
_ROWS = _LAYOUT.iter_unpack
_TIMESTAMP = Layout("d").unpack_from
_SIZE = _LAYOUT.size
_WIDTH = 5


class Tier(Struct):
    """Rows of ``resolution`` seconds each. There is no row for a period without samples.

    ``distributions`` holds the samples of rows whose samples differ, packed, ``UNKNOWN`` where only
    a statistic set is known. The one that grows at present is kept open (``open_at``).
    """

    resolution: int
    rows: bytearray = field(default_factory=bytearray)
    last: float = -1.0
    distributions: dict[int, bytes] = field(default_factory=dict)
    open_at: int = -1
    open_samples: Distribution = field(default_factory=dict)
    open_limit: int = EXACT_VALUES

    def add(self, point: Datapoint) -> None:
        """Add samples to the row of their period."""
        at = point.timestamp - point.timestamp % self.resolution
        if at > self.last:
            self.rows += _PACK(at, point.sample_count, point.sum, point.minimum, point.maximum)
            self.last = at
            if point.minimum != point.maximum:
                self._note(int(at), point)
            return
        index = self.position(at)
        row: Row = _UNPACK(self.rows, index * _SIZE)
        if row[0] != at:
            self._insert(index, at, point)
            return
        if not row[3] == row[4] == point.minimum == point.maximum:
            self._spread(row, point)
        _LAYOUT.pack_into(
            self.rows,
            index * _SIZE,
            at,
            row[1] + point.sample_count,
            row[2] + point.sum,
            min(row[3], point.minimum),
            max(row[4], point.maximum),
        )

    def add_sample(self, start: float, value: float) -> None:
        """Add one sample to the period that begins at ``start``, most often as its first."""
        if start > self.last:
            self.rows += _PACK(start, 1.0, value, value, value)
            self.last = start
        else:
            self.add(Datapoint(start, 1.0, value, value, value))

    def _insert(self, index: int, at: float, point: Datapoint) -> None:
        packed = _PACK(at, point.sample_count, point.sum, point.minimum, point.maximum)
        self.rows[index * _SIZE : index * _SIZE] = packed
        if point.minimum != point.maximum:
            self._note(int(at), point)

    def _note(self, at: int, point: Datapoint) -> None:
        known = bool(point.values)
        self.distributions[at] = distribution.pack(point.values, point.counts) if known else UNKNOWN

    def _spread(self, row: Row, point: Datapoint) -> None:
        """Add samples to the distribution of a row that is there."""
        at = int(row[0])
        more = distribution.of_datapoint(point)
        samples = self._opened(at, row) if more is not None else None
        if samples is None or more is None:
            self._forget(at)
            return
        distribution.add(samples, more.items())
        if len(samples) > self.open_limit:
            self.open_samples = distribution.coarsen(samples)
            self.open_limit = max(EXACT_VALUES, 2 * len(self.open_samples))

    def _opened(self, at: int, row: Row) -> Distribution | None:
        if self.open_at != at:
            samples = self.samples(row)
            if samples is None:
                return None
            self._close()
            self.open_at, self.open_samples, self.open_limit = at, samples, EXACT_VALUES
        return self.open_samples

    def _close(self) -> None:
        if self.open_at >= 0:
            samples = self.open_samples
            self.distributions[self.open_at] = distribution.pack(samples, samples.values())
            self.open_at, self.open_samples = -1, {}

    def _forget(self, at: int) -> None:
        if self.open_at == at:
            self.open_at, self.open_samples = -1, {}
        self.distributions[at] = UNKNOWN

    def samples(self, row: Row) -> Distribution | None:
        """The samples of a row, None where they are not known."""
        at = int(row[0])
        if at == self.open_at:
            return dict(self.open_samples)
        packed = self.distributions.get(at)
        if packed is None:
            return distribution.of_row(row)
        return distribution.unpack(packed) if packed else None

    def percentile(self, row: Row, percentile: float) -> float | None:
        """A percentile of the samples of a row; None where it takes more than a look to know it."""
        packed = self.distributions.get(int(row[0]))
        if not packed or row[3] < 0 or row[0] == self.open_at:
            return None
        return distribution.packed_percentile(packed, percentile)

    def __len__(self) -> int:
        return len(self.rows) // _SIZE

    def __bool__(self) -> bool:
        return bool(self.rows)

    def first(self) -> float:
        """The timestamp of the oldest row; there must be one."""
        return _TIMESTAMP(self.rows, 0)[0]

    def position(self, at: float) -> int:
        """The index of the first row at or after ``at``.

        Rows mostly follow one another without a gap, and mostly the newest are asked for.
        """
        length = len(self.rows) // _SIZE
        if at > self.last:
            return length
        guess = length - 1 - int((self.last - at) // self.resolution)
        if guess >= 0 and _TIMESTAMP(self.rows, guess * _SIZE)[0] == at:
            return guess
        low = max(guess, 0)
        while low < length:
            middle = (low + length) // 2
            if _TIMESTAMP(self.rows, middle * _SIZE)[0] < at:
                low = middle + 1
            else:
                length = middle
        return low

    def unbroken(self, start: float, count: int) -> int | None:
        """The index of the row at ``start`` if ``count`` rows follow from it without a gap."""
        step = self.resolution
        first = len(self.rows) // _SIZE - 1 - int((self.last - start) // step)
        last = first + count - 1
        if first < 0 or (last + 1) * _SIZE > len(self.rows):
            return None
        if _TIMESTAMP(self.rows, first * _SIZE)[0] != start:
            return None
        ends = _TIMESTAMP(self.rows, last * _SIZE)[0]
        return first if ends == start + (count - 1) * step else None

    def column(self, index: int, first: int, count: int) -> Sequence[float]:
        """One number of each of ``count`` rows; ``index`` is that of ``Row``."""
        numbers = memoryview(self.rows).cast("d")
        return numbers[first * _WIDTH + index : (first + count) * _WIDTH : _WIDTH].tolist()

    def between(self, start: float, end: float) -> Iterator[Row]:
        """The rows with timestamps from ``start`` to before ``end``, oldest first."""
        first, last = self.position(start) * _SIZE, self.position(end) * _SIZE
        return _ROWS(self.rows[first:last])

    def take_before(self, end: float) -> list[Datapoint]:
        """Remove the rows older than ``end`` and return them."""
        self._close()
        taken: list[Datapoint] = []
        for row in self.between(-1.0, end):
            samples = self.samples(row)
            self.distributions.pop(int(row[0]), None)
            spread = samples if samples is not None and row[3] != row[4] else {}
            taken.append(Datapoint(*row, tuple(spread), tuple(spread.values())))
        del self.rows[: len(taken) * _SIZE]
        if not self.rows:
            self.last = -1.0
        return taken
