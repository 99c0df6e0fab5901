"""A certificate authority to throw away, and a certificate of its for the names of SQS and S3 in one region.

    python certificates.py FOLDER [REGION]

writes ca.pem (for AWS_CA_BUNDLE), server.pem and server.key (for the emulator).  The authority's own key is kept nowhere.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAYS = 30
SERVICES = ("sqs", "s3")


def make(folder: Path, region: str) -> None:
    """Write the three files."""
    names = [f"{wild}{service}.{region}.amazonaws.com" for service in SERVICES for wild in ("", "*.")]
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    own = _certificate("vpcdns's throw-away authority", authority, None, authority)
    leaf = _certificate(names[0], key, own, authority, names)
    folder.mkdir(parents=True, exist_ok=True)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(own.public_bytes(pem))
    (folder / "server.pem").write_bytes(leaf.public_bytes(pem))
    plain = serialization.NoEncryption()
    (folder / "server.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    signer: ec.EllipticCurvePrivateKey,
    names: list[str] | None = None,
) -> x509.Certificate:
    """One that Python 3.13's strict verification takes too: every key is named, and what it may do."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    alone = issuer is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=alone, path_length=0 if alone else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(_may(signs=alone), critical=True)
    )
    if names is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _may(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


if __name__ == "__main__":
    make(Path(sys.argv[1]), *(sys.argv[2:] or ["us-east-1"]))
