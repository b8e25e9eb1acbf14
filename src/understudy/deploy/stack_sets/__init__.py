"""StackSets: stacks of one template in many regions of the account."""
