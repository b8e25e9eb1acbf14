"""What EC2 instance types have: vCPUs, memory, accelerators.

Read from the reference of instance types in aws/karpenter-provider-aws at commit 1d927085 of
2026-07-20; the accelerators of p3 from AWS: Amazon EC2 instance types, accelerated computing.
"""

INSTANCES = """
c5 - large=2/4 xlarge=4/8 2xlarge=8/16 4xlarge=16/32 9xlarge=36/72 12xlarge=48/96
c5 - 18xlarge=72/144 24xlarge=96/192
c6g - medium=1/2 large=2/4 xlarge=4/8 2xlarge=8/16 4xlarge=16/32 8xlarge=32/64
c6g - 12xlarge=48/96 16xlarge=64/128
c6i - large=2/4 xlarge=4/8 2xlarge=8/16 4xlarge=16/32 8xlarge=32/64 12xlarge=48/96
c6i - 16xlarge=64/128 24xlarge=96/192 32xlarge=128/256
c7g - medium=1/2 large=2/4 xlarge=4/8 2xlarge=8/16 4xlarge=16/32 8xlarge=32/64
c7g - 12xlarge=48/96 16xlarge=64/128
c7i - large=2/4 xlarge=4/8 2xlarge=8/16 4xlarge=16/32 8xlarge=32/64 12xlarge=48/96
c7i - 16xlarge=64/128 24xlarge=96/192 48xlarge=192/384
g4dn t4 xlarge=4/16/1 2xlarge=8/32/1 4xlarge=16/64/1 8xlarge=32/128/1 12xlarge=48/192/4
g4dn t4 16xlarge=64/256/1
g5 a10g xlarge=4/16/1 2xlarge=8/32/1 4xlarge=16/64/1 8xlarge=32/128/1 12xlarge=48/192/4
g5 a10g 16xlarge=64/256/1 24xlarge=96/384/4 48xlarge=192/768/8
g6 l4 xlarge=4/16/1 2xlarge=8/32/1 4xlarge=16/64/1 8xlarge=32/128/1 12xlarge=48/192/4
g6 l4 16xlarge=64/256/1 24xlarge=96/384/4 48xlarge=192/768/8
g6e l40s xlarge=4/32/1 2xlarge=8/64/1 4xlarge=16/128/1 8xlarge=32/256/1 12xlarge=48/384/4
g6e l40s 16xlarge=64/512/1 24xlarge=96/768/4 48xlarge=192/1536/8
inf1 inferentia xlarge=4/8/1 2xlarge=8/16/1 6xlarge=24/48/4 24xlarge=96/192/16
inf2 inferentia2 xlarge=4/16/1 8xlarge=32/128/1 24xlarge=96/384/6 48xlarge=192/768/12
m5 - large=2/8 xlarge=4/16 2xlarge=8/32 4xlarge=16/64 8xlarge=32/128 12xlarge=48/192
m5 - 16xlarge=64/256 24xlarge=96/384
m6a - xlarge=4/16 2xlarge=8/32
m6g - medium=1/4 large=2/8 xlarge=4/16 2xlarge=8/32 4xlarge=16/64 8xlarge=32/128
m6g - 12xlarge=48/192 16xlarge=64/256
m6i - large=2/8 xlarge=4/16 2xlarge=8/32 4xlarge=16/64 8xlarge=32/128 12xlarge=48/192
m6i - 16xlarge=64/256 24xlarge=96/384 32xlarge=128/512
m7g - medium=1/4 large=2/8 xlarge=4/16 2xlarge=8/32 4xlarge=16/64 8xlarge=32/128
m7g - 12xlarge=48/192 16xlarge=64/256
m7i - large=2/8 xlarge=4/16 2xlarge=8/32 4xlarge=16/64 8xlarge=32/128 12xlarge=48/192
m7i - 16xlarge=64/256 24xlarge=96/384 48xlarge=192/768
p3 v100 2xlarge=8/61/1 8xlarge=32/244/4 16xlarge=64/488/8
p3dn v100 24xlarge=96/768/8
p4d a100 24xlarge=96/1152/8
p4de a100 24xlarge=96/1152/8
p5 h100 4xlarge=16/256/1 48xlarge=192/2048/8
r5 - large=2/16 xlarge=4/32 2xlarge=8/64 4xlarge=16/128 8xlarge=32/256 12xlarge=48/384
r5 - 16xlarge=64/512 24xlarge=96/768
r6g - medium=1/8 large=2/16 xlarge=4/32 2xlarge=8/64 4xlarge=16/128 8xlarge=32/256
r6g - 12xlarge=48/384 16xlarge=64/512
r6i - large=2/16 xlarge=4/32 2xlarge=8/64 4xlarge=16/128 8xlarge=32/256 12xlarge=48/384
r6i - 16xlarge=64/512 24xlarge=96/768 32xlarge=128/1024
t3 - nano=2/0.5 micro=2/1 small=2/2 medium=2/4 large=2/8 xlarge=4/16 2xlarge=8/32
trn1 trainium 2xlarge=8/32/1 32xlarge=128/512/16
"""
"""Family, accelerator or a dash, then for each size vCPUs / GiB of memory / accelerators."""
