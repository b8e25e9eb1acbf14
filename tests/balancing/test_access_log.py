"""Lines of access logs, as AWS's page has them."""

from dataclasses import replace
from datetime import datetime

from understudy.balancing.access_log import Entry, line


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


AWS = Entry(
    kind="http",
    ended=at("2018-07-02T22:23:00.186641Z"),
    balancer="app/my-loadbalancer/50dc6c495c0c9188",
    client="192.168.131.39:2817",
    target="10.0.0.1:80",
    times=(0.0, 0.001, 0.0),
    status=200,
    answered=200,
    received=34,
    sent=366,
    request="GET http://www.example.com:80/ HTTP/1.1",
    agent="curl/7.46.0",
    tls=("", ""),
    group="arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067",
    trace="Root=1-58337262-36d228ad5d99923122bbe354",
    domain="",
    priority=0,
    began=at("2018-07-02T22:22:48.364000Z"),
    action="forward",
    redirect="",
    connection="TID_1234abcd5678ef90",
)


def test_the_line_of_a_request_is_that_of_aws() -> None:
    """AWS: Access logs for your Application Load Balancer, example HTTP entry."""
    assert line(AWS) == (
        "http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 "
        "192.168.131.39:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "
        '"GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - '
        "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/"
        '73e2d6bc24d8a067 "Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 '
        '2018-07-02T22:22:48.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-" '
        'TID_1234abcd5678ef90 "-" "-" "-"'
    )


def test_what_did_not_happen_is_a_dash_or_minus_one() -> None:
    refused = replace(
        AWS, target="", times=(-1, -1, -1), status=503, answered=None, group="", trace=""
    )
    fields = line(refused).split(" ")
    assert fields[4:10] == ["-", "-1", "-1", "-1", "503", "-"]
    assert line(refused).count('"-"') == 12
