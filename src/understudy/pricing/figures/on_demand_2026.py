"""On-demand prices of EC2 on Linux in us-east-1, July 2026."""

from understudy.pricing.source import Source

SOURCE = Source(
    "AWS price API, as kept by github.com/aws/karpenter-provider-aws"
    "/blob/1d927085dd81a9df9301e613f371dac5b4d16bfe"
    "/pkg/providers/pricing/zz_generated.pricing_aws.go",
    "2026-07-20",
)

US_EAST_1 = """
c5 large=0.085 xlarge=0.17 2xlarge=0.34 4xlarge=0.68 9xlarge=1.53 12xlarge=2.04
c5 18xlarge=3.06 24xlarge=4.08
c6g medium=0.034 large=0.068 xlarge=0.136 2xlarge=0.272 4xlarge=0.544 8xlarge=1.088
c6g 12xlarge=1.632 16xlarge=2.176
c6i large=0.085 xlarge=0.17 2xlarge=0.34 4xlarge=0.68 8xlarge=1.36 12xlarge=2.04
c6i 16xlarge=2.72 24xlarge=4.08 32xlarge=5.44
c7g medium=0.0363 large=0.0725 xlarge=0.145 2xlarge=0.29 4xlarge=0.58 8xlarge=1.16
c7g 12xlarge=1.74 16xlarge=2.32
c7i large=0.08925 xlarge=0.1785 2xlarge=0.357 4xlarge=0.714 8xlarge=1.428 12xlarge=2.142
c7i 16xlarge=2.856 24xlarge=4.284 48xlarge=8.568
g4dn xlarge=0.526 2xlarge=0.752 4xlarge=1.204 8xlarge=2.176 12xlarge=3.912 16xlarge=4.352
g5 xlarge=1.006 2xlarge=1.212 4xlarge=1.624 8xlarge=2.448 12xlarge=5.672 16xlarge=4.096
g5 24xlarge=8.144 48xlarge=16.288
g6 xlarge=0.8048 2xlarge=0.9776 4xlarge=1.3232 8xlarge=2.0144 12xlarge=4.6016
g6 16xlarge=3.3968 24xlarge=6.6752 48xlarge=13.3504
g6e xlarge=1.861 2xlarge=2.24208 4xlarge=3.00424 8xlarge=4.52856 12xlarge=10.49264
g6e 16xlarge=7.57719 24xlarge=15.06559 48xlarge=30.13118
inf1 xlarge=0.228 2xlarge=0.362 6xlarge=1.18 24xlarge=4.721
inf2 xlarge=0.7582 8xlarge=1.96786 24xlarge=6.49063 48xlarge=12.98127
m5 large=0.096 xlarge=0.192 2xlarge=0.384 4xlarge=0.768 8xlarge=1.536 12xlarge=2.304
m5 16xlarge=3.072 24xlarge=4.608
m6g medium=0.0385 large=0.077 xlarge=0.154 2xlarge=0.308 4xlarge=0.616 8xlarge=1.232
m6g 12xlarge=1.848 16xlarge=2.464
m6i large=0.096 xlarge=0.192 2xlarge=0.384 4xlarge=0.768 8xlarge=1.536 12xlarge=2.304
m6i 16xlarge=3.072 24xlarge=4.608 32xlarge=6.144
m7g medium=0.0408 large=0.0816 xlarge=0.1632 2xlarge=0.3264 4xlarge=0.6528 8xlarge=1.3056
m7g 12xlarge=1.9584 16xlarge=2.6112
m7i large=0.1008 xlarge=0.2016 2xlarge=0.4032 4xlarge=0.8064 8xlarge=1.6128 12xlarge=2.4192
m7i 16xlarge=3.2256 24xlarge=4.8384 48xlarge=9.6768
p3 2xlarge=3.06 8xlarge=12.24 16xlarge=24.48
p3dn 24xlarge=31.212
p4d 24xlarge=21.957642
p4de 24xlarge=27.44705
p5 4xlarge=6.88 48xlarge=55.04
r5 large=0.126 xlarge=0.252 2xlarge=0.504 4xlarge=1.008 8xlarge=2.016 12xlarge=3.024
r5 16xlarge=4.032 24xlarge=6.048
r6g medium=0.0504 large=0.1008 xlarge=0.2016 2xlarge=0.4032 4xlarge=0.8064 8xlarge=1.6128
r6g 12xlarge=2.4192 16xlarge=3.2256
r6i large=0.126 xlarge=0.252 2xlarge=0.504 4xlarge=1.008 8xlarge=2.016 12xlarge=3.024
r6i 16xlarge=4.032 24xlarge=6.048 32xlarge=8.064
t3 nano=0.0052 micro=0.0104 small=0.0208 medium=0.0416 large=0.0832 xlarge=0.1664
t3 2xlarge=0.3328
trn1 2xlarge=1.34375 32xlarge=21.5
"""
"""Family, then for each size US dollars an hour."""
