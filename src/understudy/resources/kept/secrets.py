"""KMS keys, secrets, parameters and certificates."""

import json

from understudy.deploy.handler import Invoke, Steps
from understudy.resources.kept.table import Call, Kept
from understudy.resources.kept.values import (
    Here,
    as_list,
    document,
    name,
    own,
    prop,
    stale,
)

# KMS

_KMS_TAGS = as_list(key="TagKey", value="TagValue")


def _rotation(here: Here) -> Steps[None]:
    before = here.before.get("EnableKeyRotation", False)
    after = here.properties.get("EnableKeyRotation", False)
    if before != after:
        verb = "Enable" if after else "Disable"
        yield Invoke("kms", f"{verb}KeyRotation", {"KeyId": here.id})


def _enabled(here: Here) -> Steps[None]:
    before = here.before.get("Enabled", True)
    after = here.properties.get("Enabled", True)
    if before != after:
        yield Invoke("kms", "EnableKey" if after else "DisableKey", {"KeyId": here.id})


KEY = Kept(
    "AWS::KMS::Key",
    "kms",
    create=Call(
        "CreateKey",
        "Description KeyUsage KeySpec MultiRegion Origin BypassPolicyLockoutSafetyCheck",
        Policy=document("KeyPolicy"),
        Tags=_KMS_TAGS,
    ),
    id="KeyMetadata.KeyId",
    made="KeyMetadata",
    identity="KeyId",
    then=(_rotation, _enabled),
    update=(
        Call("UpdateKeyDescription", "Description", when="Description", KeyId=own),
        Call(
            "PutKeyPolicy",
            when="KeyPolicy",
            KeyId=own,
            PolicyName="default",
            Policy=document("KeyPolicy"),
        ),
        Call("TagResource", when="Tags", needs="Tags", KeyId=own, Tags=_KMS_TAGS),
        Call("UntagResource", when="Tags", needs="TagKeys", KeyId=own, TagKeys=stale),
    ),
    read=Call("DescribeKey", KeyId=own),
    record="KeyMetadata",
    attributes="Arn",
    live="Description KeyUsage KeySpec Enabled MultiRegion",
    delete=(
        Call("ScheduleKeyDeletion", KeyId=own, PendingWindowInDays=prop("PendingWindowInDays", 30)),
    ),
)

ALIAS = Kept(
    "AWS::KMS::Alias",
    "kms",
    create=Call("CreateAlias", "AliasName TargetKeyId"),
    id=lambda here: here.properties["AliasName"],
    identity="AliasName",
    update=(Call("UpdateAlias", "AliasName TargetKeyId", when="TargetKeyId"),),
    delete=(Call("DeleteAlias", AliasName=own),),
)

# Secrets Manager


def _secret_string(here: Here) -> Steps[None]:
    """A generated secret: a random password, alone or as a member of a template's JSON."""
    given = here.properties.get("GenerateSecretString")
    if given is None or here.before.get("GenerateSecretString") == given:
        return
    asked = {
        k: v for k, v in given.items() if k not in ("SecretStringTemplate", "GenerateStringKey")
    }
    answer = yield Invoke("secretsmanager", "GetRandomPassword", asked)
    secret: str = answer["RandomPassword"]
    if "GenerateStringKey" in given:
        secret = _with_member(
            given.get("SecretStringTemplate", "{}"), given["GenerateStringKey"], secret
        )
    yield Invoke("secretsmanager", "PutSecretValue", {"SecretId": here.id, "SecretString": secret})


def _with_member(template: str, key: str, value: str) -> str:
    return json.dumps({**json.loads(template), key: value})


SECRET = Kept(
    "AWS::SecretsManager::Secret",
    "secretsmanager",
    create=Call(
        "CreateSecret", "Description KmsKeyId SecretString", Name=name("Name", 512), Tags=as_list()
    ),
    id="ARN",
    identity="Id",
    then=(_secret_string,),
    update=(
        Call(
            "UpdateSecret",
            "Description KmsKeyId SecretString",
            when="Description KmsKeyId SecretString",
            SecretId=own,
        ),
        Call("TagResource", when="Tags", needs="Tags", SecretId=own, Tags=as_list()),
        Call("UntagResource", when="Tags", needs="TagKeys", SecretId=own, TagKeys=stale),
    ),
    read=Call("DescribeSecret", SecretId=own),
    translate=lambda record: record if not record.get("DeletedDate") else {},
    live="Description KmsKeyId Name",
    delete=(Call("DeleteSecret", SecretId=own, ForceDeleteWithoutRecovery=True),),
)

SECRET_POLICY = Kept(
    "AWS::SecretsManager::ResourcePolicy",
    "secretsmanager",
    create=Call("PutResourcePolicy", "SecretId", ResourcePolicy=document("ResourcePolicy")),
    id="ARN",
    identity="Id",
    update=(Call("PutResourcePolicy", "SecretId", ResourcePolicy=document("ResourcePolicy")),),
    delete=(Call("DeleteResourcePolicy", SecretId=own),),
)

# Systems Manager

DOCUMENT = Kept(
    "AWS::SSM::Document",
    "ssm",
    create=Call(
        "CreateDocument",
        "DocumentType DocumentFormat TargetType VersionName Requires",
        Name=name("Name", 128),
        Content=document("Content"),
        Tags=as_list(),
    ),
    id="DocumentDescription.Name",
    update=(
        Call(
            "UpdateDocument",
            "DocumentFormat",
            when="Content",
            Name=own,
            Content=document("Content"),
            DocumentVersion="$LATEST",
        ),
    ),
    read=Call("DescribeDocument", Name=own),
    record="Document",
    live="DocumentType Name",
    delete=(Call("DeleteDocument", Name=own),),
)

# ACM

CERTIFICATE = Kept(
    "AWS::CertificateManager::Certificate",
    "acm",
    create=Call(
        "RequestCertificate",
        "DomainName SubjectAlternativeNames ValidationMethod CertificateAuthorityArn KeyAlgorithm",
        DomainValidationOptions=lambda here: (
            [
                {"DomainName": each["DomainName"], "ValidationDomain": each["ValidationDomain"]}
                for each in here.properties.get("DomainValidationOptions", [])
                if "ValidationDomain" in each
            ]
            or None
        ),
        Tags=as_list(),
    ),
    id="CertificateArn",
    identity="Id CertificateArn",
    update=(
        Call("AddTagsToCertificate", when="Tags", needs="Tags", CertificateArn=own, Tags=as_list()),
    ),
    read=Call("DescribeCertificate", CertificateArn=own),
    record="Certificate",
    live="DomainName",
    delete=(Call("DeleteCertificate", CertificateArn=own),),
)

TYPES = (KEY, ALIAS, SECRET, SECRET_POLICY, DOCUMENT, CERTIFICATE)
