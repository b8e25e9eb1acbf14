"""A certificate authority of this machine's own, and the certificates of load balancers by it.

A client trusts them by trusting ``ca.pem`` in the authority's folder.
"""

import os
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CERTIFICATE, KEY = "ca.pem", "ca.key"
LIFE = timedelta(days=800)
"""Shorter than the 825 days that some clients accept at most."""


def server_context(folder: Path, names: Callable[[], list[str]]) -> ssl.SSLContext:
    """TLS for a server. Its certificate has the names that are asked for, as clients come."""
    made: dict[tuple[str, ...], ssl.SSLContext] = {}

    def current(asked: str | None) -> ssl.SSLContext:
        wanted = [asked, *names()] if asked else names()
        key = tuple(dict.fromkeys(wanted))
        if key not in made:
            made[key] = _context(folder, key)
        return made[key]

    def choose(connection: ssl.SSLObject, asked: str | None, _: ssl.SSLContext) -> None:
        connection.context = current(asked)

    context = _context(folder, tuple(names()))
    context.sni_callback = choose  # pyright: ignore[reportAttributeAccessIssue]
    return context


def _context(folder: Path, names: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with NamedTemporaryFile(dir=folder) as chain:
        chain.write(issued(folder, names or ("localhost",)))
        chain.flush()
        context.load_cert_chain(chain.name)
    return context


def issued(folder: Path, names: tuple[str, ...]) -> bytes:
    """A fresh key, its certificate for these DNS names, and the authority's, as PEM."""
    authority, authority_key = _authority(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    alternatives = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
    certificate = (
        _begun(names[0], authority.subject, key)
        .add_extension(alternatives, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    return _key_pem(key) + _pem(certificate) + _pem(authority)


def _authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """The authority's certificate and key, made if there is none yet."""
    if not (folder / CERTIFICATE).exists():
        folder.mkdir(parents=True, exist_ok=True)
        _establish(folder)
    key = serialization.load_pem_private_key((folder / KEY).read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes()), key


def _establish(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = "Understudy local certificate authority"
    certificate = (
        _begun(name, _name(name), key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / KEY).touch(mode=0o600)
    (folder / KEY).write_bytes(_key_pem(key))
    written = folder / f"{CERTIFICATE}.{os.getpid()}"
    written.write_bytes(_pem(certificate))
    written.rename(folder / CERTIFICATE)


def _begun(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    # Clients judge certificates by the real date, whatever the world's is.
    now = datetime.now(UTC)  # noqa: TID251
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFE)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
