"""Charts of a purchase."""

import numpy as np

from understudy.pricing.bootstrap import Spread
from understudy.report.purchase_charts import spread_charts


def test_a_purchase_without_regret_has_no_axis_below_zero():
    saving = np.array([10.0, 11.0, 12.0])
    drawn = spread_charts(Spread(24, saving, saving, np.zeros(3)), 900)
    assert "$-" not in drawn
    assert "$0.00" in drawn
