"""Savings Plans: what is offered, at which rates, what is bought and owned.

Source: AWS, Savings Plans API reference. Every plan that AWS offers for a family or region of the
price book can be bought; rates are those that the book has.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from understudy.base.arn import ACCOUNT, arn
from understudy.base.fault import Fault, validation_exception
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.purchasing.service import OwnedPlan, Purchasing, iso, offering_id
from understudy.control.turn import Turn
from understudy.pricing.commitments import SavingsPlan, plan_covers
from understudy.pricing.instance import family
from understudy.pricing.meter import Item
from understudy.pricing.offer import (
    ALL_UPFRONT,
    COMPUTE,
    EC2_INSTANCE,
    NO_UPFRONT,
    PARTIAL_UPFRONT,
    PAYMENTS,
    SAGEMAKER,
    SAVINGS_PLAN,
    YEAR_HOURS,
    YEAR_SECONDS,
    Offer,
    Terms,
)

MOST = 1000
LEAST, GREATEST = Decimal("0.001"), Decimal(1_000_000)
"""US dollars an hour that can be committed (AWS: Savings Plans quotas)."""
_AMOUNT = re.compile(r"\d+(\.\d{1,8})?")

_PRODUCTS = {
    COMPUTE: ["EC2", "Fargate", "Lambda"],
    EC2_INSTANCE: ["EC2"],
    SAGEMAKER: ["SageMaker"],
}
_CODES = {COMPUTE: "ComputeSP", EC2_INSTANCE: "EC2SP", SAGEMAKER: "MachineLearningSP"}
_SERVICES = {
    COMPUTE: "ComputeSavingsPlans",
    EC2_INSTANCE: "ComputeSavingsPlans",
    SAGEMAKER: "MachineLearningSavingsPlans",
}


class Offering(Struct, frozen=True):
    """A plan that can be bought; region and family are those of an EC2 Instance plan."""

    terms: Terms
    region: str = ""
    family: str = ""

    @property
    def id(self) -> str:
        """A UUID made from what is offered."""
        return offering_id("sp", self.terms, self.region, self.family)

    @property
    def description(self) -> str:
        """``1 year No Upfront Compute Savings Plan``."""
        kind = {EC2_INSTANCE: "EC2 Instance"}.get(self.terms.kind, self.terms.kind)
        where = f" {self.family} in {self.region}" if self.family else ""
        return f"{self.terms.years} year {self.terms.payment}{where} {kind} Savings Plan"


def offerings(service: Purchasing) -> Iterator[Offering]:
    """Every plan: by type, term and payment, EC2 Instance plans by family and region."""
    places = sorted(
        {
            (region, family(product))
            for region in service.book.regions()
            for product in service.book.products(region)
            if plan_covers(EC2_INSTANCE, product)
        }
    )
    for kind in (COMPUTE, SAGEMAKER, EC2_INSTANCE):
        for years in (1, 3):
            for payment in PAYMENTS:
                terms = Terms(SAVINGS_PLAN, kind, years, payment)
                for region, name in places if kind == EC2_INSTANCE else [("", "")]:
                    yield Offering(terms, region, name)


def describe_offerings(service: Purchasing, params: Params, turn: Turn) -> Params:
    """The plans that fit a request."""
    found = [_described(each) for each in offerings(service) if _fits(each, params)]
    return _paged(found, params)


def _described(each: Offering) -> Params:
    place = [
        {"name": "region", "value": each.region},
        {"name": "instanceFamily", "value": each.family},
    ]
    kind = each.terms.kind
    return {
        "offeringId": each.id,
        "productTypes": _PRODUCTS[kind],
        "planType": kind,
        "description": each.description,
        "paymentOption": each.terms.payment,
        "durationSeconds": each.terms.years * YEAR_SECONDS,
        "currency": "USD",
        "serviceCode": _SERVICES[kind],
        "usageType": f"{_CODES[kind]}:{each.terms.years}yr{each.terms.payment.replace(' ', '')}",
        "operation": "",
        "properties": place if each.family else [],
    }


def _fits(each: Offering, params: Params) -> bool:
    """Whether an offering is among what a request lists; a list that is empty asks for all."""
    product = params.get("productType")
    wishes = (
        (params.get("offeringIds"), each.id),
        (params.get("paymentOptions"), each.terms.payment),
        (params.get("planTypes"), each.terms.kind),
        (params.get("durations"), each.terms.years * YEAR_SECONDS),
        (params.get("currencies"), "USD"),
        (params.get("serviceCodes"), _SERVICES[each.terms.kind]),
    )
    named = all(not wanted or value in wanted for wanted, value in wishes)
    place = {"region": each.region, "instanceFamily": each.family}
    filtered = all(place.get(wish["name"]) in wish["values"] for wish in params.get("filters", []))
    return named and filtered and (product is None or product in _PRODUCTS[each.terms.kind])


def _paged(found: list[Params], params: Params) -> Params:
    refused = validation_exception("The nextToken is invalid.")
    shown, token = page(
        found, params.get("nextToken") or None, params.get("maxResults") or MOST, refused
    )
    return {"searchResults": shown, **({"nextToken": token} if token else {})}


def describe_offering_rates(service: Purchasing, params: Params, turn: Turn) -> Params:
    """The rates of the plans that fit a request, as far as the book has them."""
    wanted = {
        "offeringIds": params.get("savingsPlanOfferingIds"),
        "paymentOptions": params.get("savingsPlanPaymentOptions"),
        "planTypes": params.get("savingsPlanTypes"),
    }
    found = [
        _rate(offering, offer)
        for offering in offerings(service)
        if _fits(offering, wanted)
        for offer in _rates(service, offering)
        if _rate_fits(offer, params)
    ]
    return _paged(found, params)


def _rates(service: Purchasing, offering: Offering) -> Iterator[Offer]:
    plan = SavingsPlan(
        id="",
        kind=offering.terms.kind,
        commitment=Decimal(0),
        region=offering.region,
        family=offering.family,
    )
    for region in service.book.regions():
        for product in service.book.products(region):
            if plan.covers(Item(product, region)):
                offer = service.book.find(product, region, offering.terms)
                if offer is not None:
                    yield offer


def _rate(offering: Offering, offer: Offer) -> Params:
    hosting = offering.terms.kind == SAGEMAKER
    fargate = offer.instance_type.startswith("Fargate")
    return {
        "savingsPlanOffering": {
            "offeringId": offering.id,
            "paymentOption": offering.terms.payment,
            "planType": offering.terms.kind,
            "durationSeconds": offering.terms.years * YEAR_SECONDS,
            "currency": "USD",
            "planDescription": offering.description,
        },
        "rate": str(offer.hourly),
        "unit": "Hrs",
        "productType": "SageMaker" if hosting else "Fargate" if fargate else "EC2",
        "serviceCode": "AmazonSageMaker" if hosting else "AmazonECS" if fargate else "AmazonEC2",
        "usageType": offer.instance_type,
        "operation": "",
        "properties": [
            {"name": "region", "value": offer.region},
            {"name": "instanceType", "value": offer.instance_type},
            {"name": "instanceFamily", "value": family(offer.instance_type)},
            {"name": "productDescription", "value": offer.platform},
            {"name": "tenancy", "value": "shared"},
        ],
    }


def _rate_fits(offer: Offer, params: Params) -> bool:
    values = {
        "region": offer.region,
        "instanceType": offer.instance_type,
        "instanceFamily": family(offer.instance_type),
        "productDescription": offer.platform,
        "tenancy": "shared",
    }
    return all(values.get(wish["name"]) in wish["values"] for wish in params.get("filters", []))


def create_plan(service: Purchasing, params: Params, turn: Turn) -> Params:
    """Buy a plan: it counts from now on, or from the time that was asked for."""
    wanted = params["savingsPlanOfferingId"]
    offering = next((each for each in offerings(service) if each.id == wanted), None)
    if offering is None:
        raise Fault(
            "ResourceNotFoundException", f"Savings Plan offering {wanted} was not found.", 404
        )
    commitment = _commitment(params["commitment"])
    plan = SavingsPlan(
        id=turn.ids.uuid(),
        kind=offering.terms.kind,
        commitment=commitment,
        years=offering.terms.years,
        payment=offering.terms.payment,
        region=offering.region,
        family=offering.family,
        upfront=_upfront(params.get("upfrontPaymentAmount"), commitment, offering.terms),
        start=max(params.get("purchaseTime", turn.at), turn.at),
    )
    service.state.plans[plan.id] = OwnedPlan(plan, wanted, dict(params.get("tags", {})))
    return {"savingsPlanId": plan.id}


def _commitment(text: str) -> Decimal:
    amount = Decimal(text) if _AMOUNT.fullmatch(text) else Decimal(0)
    if not LEAST <= amount <= GREATEST:
        raise validation_exception(
            f"The commitment {text} is invalid: it has to be from {LEAST} to {GREATEST} an hour."
        )
    return amount


def _upfront(text: str | None, commitment: Decimal, terms: Terms) -> Decimal:
    """The share that is paid at the start: all, none, or of a partial payment at least half."""
    whole = commitment * terms.years * YEAR_HOURS
    least = {NO_UPFRONT: Decimal(0), PARTIAL_UPFRONT: whole / 2, ALL_UPFRONT: whole}[terms.payment]
    if text is None:
        return least / whole
    amount = Decimal(text) if _AMOUNT.fullmatch(text) else Decimal(-1)
    allowed = least <= amount <= whole if terms.payment == PARTIAL_UPFRONT else amount == least
    if not allowed:
        raise validation_exception(
            f"The upfrontPaymentAmount {text} does not fit {terms.payment}: {least:.2f} is due."
        )
    return amount / whole


def describe_plans(service: Purchasing, params: Params, turn: Turn) -> Params:
    """The plans of the account."""
    ids = {*params.get("savingsPlanIds", [])}
    ids |= {each.rsplit("/", 1)[-1] for each in params.get("savingsPlanArns", [])}
    states: list[str] = params.get("states", [])
    found = [
        described
        for owned in service.state.plans.values()
        if not ids or owned.plan.id in ids
        for described in [_plan(owned, turn.at)]
        if not states or described["state"] in states
    ]
    refused = validation_exception("The nextToken is invalid.")
    size = params.get("maxResults") or MOST
    shown, token = page(found, params.get("nextToken") or None, size, refused)
    return {"savingsPlans": shown, **({"nextToken": token} if token else {})}


def _plan(owned: OwnedPlan, at: float) -> Params:
    plan = owned.plan
    state = "queued" if at < plan.start else "active" if at < plan.end else "retired"
    terms = Terms(SAVINGS_PLAN, plan.kind, plan.years, plan.payment)
    place = {"region": plan.region, "ec2InstanceFamily": plan.family} if plan.family else {}
    whole = plan.commitment * plan.years * YEAR_HOURS
    return {
        "offeringId": owned.offering,
        "savingsPlanId": plan.id,
        "savingsPlanArn": arn("savingsplans", "", f"savingsplan/{plan.id}", ACCOUNT),
        "description": Offering(terms, plan.region, plan.family).description,
        "start": iso(plan.start),
        "end": iso(plan.end),
        "state": state,
        "savingsPlanType": plan.kind,
        "paymentOption": plan.payment,
        "productTypes": _PRODUCTS[plan.kind],
        "currency": "USD",
        "commitment": str(plan.commitment),
        "upfrontPaymentAmount": f"{whole * plan.upfront:.2f}",
        "recurringPaymentAmount": str((plan.commitment * (1 - plan.upfront)).normalize() + 0),
        "termDurationInSeconds": plan.years * YEAR_SECONDS,
        "tags": owned.tags,
        **place,
    }
