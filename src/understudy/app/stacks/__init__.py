"""Working on stacks through the CloudFormation API alone, ours or AWS's."""
