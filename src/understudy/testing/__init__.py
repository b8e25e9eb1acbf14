"""Builders, behavioural fakes and expectations that the tests share."""
