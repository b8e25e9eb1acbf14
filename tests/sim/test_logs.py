"""Access logs are read as single requests, in the order of their arrival."""

from datetime import datetime

import pytest

from understudy.base.diagnostic import InvalidInput
from understudy.sim.traffic import read

ALB = (
    "http 2026-03-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 "
    '10.0.0.1:80 0.000 0.250 0.000 200 200 34 366 "GET http://www.example.com:80/ HTTP/1.1" '
    '"curl/7.46.0" - - arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/t/73 '
    '"Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 2026-03-02T22:22:59.936000Z "forward" '
    '"-" "-" "10.0.0.1:80" "200" "-" "-"\n'
)
"""AWS: Access logs for your Application Load Balancer, example HTTP entry."""
COMMON = '127.0.0.1 - frank [10/Oct/2025:13:55:{:02d} -0700] "GET /a HTTP/1.0" 200 2326\n'
"""Apache: Log files, Common Log Format."""


def test_a_request_of_a_load_balancer_came_when_its_entry_was_created() -> None:
    traffic = read(ALB * 3, "alb.log")
    assert traffic.start == datetime.fromisoformat("2026-03-02T22:22:59Z").timestamp()
    assert traffic.counts.tolist() == [3]
    assert traffic.service_seconds.tolist() == [0.25] * 3


def test_without_its_creation_a_request_came_before_the_times_it_took() -> None:
    line = ALB.replace("2026-03-02T22:22:59.936000Z", "-")
    assert read(line * 2, "alb.log").start % 60 == 59


def test_lines_of_common_format_are_put_in_order_and_have_a_zone() -> None:
    traffic = read("".join(COMMON.format(second) for second in (9, 7, 7)), "access.log")
    assert traffic.start == datetime.fromisoformat("2025-10-10T20:55:07Z").timestamp()
    assert traffic.counts.tolist() == [2, 0, 1]


def test_the_request_time_of_nginx_is_a_service_time_and_moves_the_arrival() -> None:
    line = COMMON.format(30).rstrip() + ' "-" "curl/8" 2.500\n'
    traffic = read(line * 2, "nginx.log")
    assert traffic.service_seconds.tolist() == [2.5, 2.5]
    assert traffic.start % 60 == 27


def test_a_line_that_cannot_be_read_is_left_out_and_named() -> None:
    text = "".join(COMMON.format(second) for second in range(20)) + "half a li\n"
    traffic = read(text, "access.log")
    assert traffic.total == 20
    assert [str(each.mark) for each in traffic.warnings] == ["access.log:21:1"]


def test_a_file_with_many_such_lines_is_no_log() -> None:
    text = "".join(COMMON.format(second) for second in range(20)) + "half a li\n" * 5
    with pytest.raises(InvalidInput) as caught:
        read(text, "access.log")
    assert "5 of its lines are no requests" in str(caught.value.diagnostics[0])


def test_columns_of_service_times_and_generated_tokens_are_read() -> None:
    text = "time,latency_ms,prompt_tokens,output_tokens\n0,120,900,40\n1,80,20,7\n1.5,60,3,9\n"
    traffic = read(text, "requests.csv")
    assert traffic.service_seconds.tolist() == [0.12, 0.08, 0.06]
    assert traffic.tokens.tolist() == [40, 7, 9]
    assert traffic.counts.tolist() == [1, 2]


def test_a_row_without_its_service_time_counts_as_a_request_and_is_named() -> None:
    traffic = read("time,latency\n0,0.1\n1,\n", "requests.csv")
    assert traffic.total == 2
    assert traffic.service_seconds.tolist() == [0.1]
    assert "does not say how long" in traffic.warnings[0].summary
