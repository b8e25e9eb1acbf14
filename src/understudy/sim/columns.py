"""Where each number of the compiled lane stands: columns of its arrays. Times are seconds."""

NOBODY, SCHEDULE = -1, -2
"""Who began the activity in progress, where no policy did: there is none, or it was scheduled."""

# A policy: what it is, the last scale-out that it was granted, the last alarm that invoked it.
TRACKS, TARGET, LOW, GRADUAL, DISABLED, COOLDOWN_OUT, COOLDOWN_IN = range(7)
KIND, MAGNITUDE, AGGREGATION, STEPS = range(7, 11)
GRANT_BASE, GRANT_DESIRED, GRANT_UNTIL = range(11, 14)
METRIC, DIFFERENCE, ABOVE, INVOKED = range(14, 18)
POLICY_WIDTH = 18
MEAN, LEAST, MOST = range(3)
"""How the datapoints of an alarm become one number: Average, Minimum, Maximum."""

# An alarm: what it watches, whom it invokes, how it stands. ``SEEN_TO`` is its newest datapoint.
WATCHES, PERIODS, NEEDED, RANGE, COMPARISON, THRESHOLD, TREAT, OWNER = range(8)
STATE, BAD, ACTED_AT, SEEN_TO = range(8, 12)
ALARM_WIDTH = 12
PER_INSTANCE, INVOCATIONS, CONCURRENCY = range(3)
"""What can be watched: InvocationsPerInstance, Invocations, ConcurrentRequestsPerModel."""

# The variant: its bounds and capacity, the activity in progress, what is counted of it.
MINIMUM, MAXIMUM, DESIRED, SERVING, PRESENT, LAUNCHED, NEXT = range(7)
BLOCKED_UNTIL, UPDATING, RETRY_AT, FAILURES = range(7, 11)
BEGUN_BY, BEGUN_AT, BEGUN_FROM, BEGUN_TO = range(11, 15)
BEGIN, END, CURVE = range(15, 18)
ACTIVITIES, OUTWARD, REVERSALS, CHANGED_AT, LAST_DIRECTION, PAID, STARTS = range(18, 25)
BREACH_AT, ASKED_AT, BREACHES, BREACH_SECONDS, DETECTION_SECONDS = range(25, 30)
VARIANT_WIDTH = 30

# An instance, in the order of launches.
LAUNCHED_AT, READY_AT, FAILS_AT, SERVES = range(4)
INSTANCE_WIDTH = 4

# Sums over the run, then what the queue remembers: the requests in the instances (the negative
# utilisation while it is calm), the instances of the last step, the requests that wait in older
# instances, and how many those are.
REQUESTS, LOST, UNDER_SECONDS, OVER_SECONDS, IDLE_SECONDS, NEED = range(6)
SERVED_TO, STEP, TAKEN, INVOKED_PER, INVOKED_ALL = range(6, 11)
IN_SYSTEM, SERVING_BEFORE, STRANDED, STRANDED_ON = range(11, 15)
SUM_WIDTH = 15
