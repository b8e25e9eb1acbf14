"""Write the example demand: python examples/demand/make.py

four-weeks.csv  Four weeks of instances by hour: m5.large follow the working day, a few m5.2xlarge
                always run, g5.xlarge answer at night and g4dn.xlarge train now and then.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
HOURS = 4 * 7 * 24
START = datetime(2026, 10, 5, tzinfo=UTC)


def counts() -> dict[str, list[int]]:
    """Instances of each type, hour by hour."""
    generator = np.random.default_rng(7)
    hour = np.arange(HOURS)
    day = np.clip(np.sin((hour % 24 - 7) / 14 * np.pi), 0, None)
    workday = np.where(hour // 24 % 7 < 5, 1.0, 0.35)
    busy = 4 + 16 * day * workday * generator.uniform(0.85, 1.15, HOURS)
    night = np.where((hour % 24 < 6) | (hour % 24 >= 20), 6, 2)
    training = np.where(generator.random(HOURS) < 0.06, 8, 0)
    table = {
        "m5.large": np.round(busy),
        "m5.2xlarge": 3 + (hour > HOURS / 2),
        "g5.xlarge": night,
        "g4dn.xlarge": training,
    }
    return {name: values.astype(int).tolist() for name, values in table.items()}


def main() -> None:
    """Write the file."""
    rows = ["hour,instance_type,count"]
    for name, values in counts().items():
        rows += [
            f"{START + timedelta(hours=hour):%Y-%m-%dT%H:00Z},{name},{count}"
            for hour, count in enumerate(values)
        ]
    (HERE / "four-weeks.csv").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
