import pytest

from understudy.pricing.catalogue import BOOK
from understudy.pricing.instance import (
    Instance,
    family,
    hardware,
    known_instances,
    size_flexible,
    units,
)

# AWS: How Reserved Instances are applied, instance size flexibility determined by normalization
# factor; in quarters.
FACTORS = {
    "nano": 0.25, "micro": 0.5, "small": 1, "medium": 2, "large": 4, "xlarge": 8, "2xlarge": 16,
    "3xlarge": 24, "4xlarge": 32, "6xlarge": 48, "8xlarge": 64, "9xlarge": 72, "10xlarge": 80,
    "12xlarge": 96, "16xlarge": 128, "18xlarge": 144, "24xlarge": 192, "32xlarge": 256,
    "56xlarge": 448, "112xlarge": 896,
}  # fmt: skip


@pytest.mark.parametrize(("size", "factor"), FACTORS.items())
def test_the_normalization_factor_of_every_size(size: str, factor: float):
    assert units(f"x9.{size}") == 4 * factor


@pytest.mark.parametrize(
    ("instance_type", "expected"),
    [
        pytest.param("i3.metal", 128, id="as large as 16xlarge"),
        pytest.param("m5.metal", 192, id="as large as 24xlarge"),
        pytest.param("m7i.metal-24xl", 192, id="says how large it is"),
    ],
)
def test_bare_metal_counts_as_its_largest_size(instance_type: str, expected: int):
    assert units(instance_type) == 4 * expected


def test_an_unknown_size_has_no_factor():
    assert units("m5.gigantic") is None
    assert units("zz.metal") is None
    assert not size_flexible("m5.gigantic")


@pytest.mark.parametrize(
    ("instance_type", "flexible"),
    [("m5.large", True), ("g5.xlarge", False), ("g4dn.xlarge", False), ("inf1.xlarge", False)],
)
def test_some_families_have_no_size_flexibility(instance_type: str, flexible: bool):
    assert size_flexible(instance_type) is flexible


def test_hardware_of_a_hosting_type_is_that_of_its_twin():
    assert hardware("ml.p3.8xlarge") == Instance(32, 244.0, 4, "v100")
    assert hardware("m5.large") == Instance(2, 8.0)
    assert hardware("m5.gigantic") is None


def test_every_priced_type_has_its_hardware():
    priced = [name for region in BOOK.regions() for name in BOOK.products(region) if "." in name]
    assert not [name for name in priced if hardware(name) is None]
    assert not [name for name in known_instances() if units(name) is None]
    assert family("ml.m5.large") == "ml.m5"
