#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""ike1_kdf.py - IKEv1 key derivation written down again from RFC 2409 section 5 and appendix B with
Python's hmac alone. Prints tests/unit/control/crypto/vectors_kdf.h."""
import hmac

PSK, NI, NR = b"123456", bytes(range(16)), bytes(range(100, 132))
GXY, CKY_I, CKY_R = bytes(range(200, 232)), b"INITIATE", b"RESPONDS"
MSGID, SPI = (0x12345678).to_bytes(4, "big"), (0xC0FFEE01).to_bytes(4, "big")
REST, GXI, GXR, SA_B, ID_B = b"rest of the message", b"GXI", b"GXR!", b"SA body", b"ID body"
SUITES = (("MD5", 3, 0, 24), ("MD5", 12, 256, 32), ("SHA1", 12, 192, 24), ("SHA1", 12, 256, 32),
          ("SHA256", 12, 256, 32), ("SHA384", 12, 256, 32), ("SHA512", 12, 128, 16))


def expand(prf, key, first, again, length):
    block = out = prf(key, first)
    while len(out) < length:
        block = prf(key, block + again)
        out += block
    return out[:length]


def derive(name, key_len):
    def prf(key, data):
        return hmac.new(key, data, name.lower()).digest()

    skeyid = prf(PSK, NI + NR)
    tail = GXY + CKY_I + CKY_R
    d = prf(skeyid, tail + b"\0")
    a = prf(skeyid, d + tail + b"\1")
    e = prf(skeyid, a + tail + b"\2")
    seed = b"\3" + SPI + NI + NR
    return (skeyid, d, a, e,
            e[:key_len] if len(e) >= key_len else expand(prf, e, b"\0", b"", key_len),
            prf(skeyid, GXI + GXR + CKY_I + CKY_R + SA_B + ID_B),
            prf(skeyid, GXR + GXI + CKY_R + CKY_I + SA_B + ID_B),
            prf(a, MSGID + REST),
            prf(a, MSGID + NI + REST),
            prf(a, b"\0" + MSGID + NI + NR),
            expand(prf, d, seed, seed, 100),
            expand(prf, d, GXY + seed, GXY + seed, 100))


def literal(data):
    text = data.hex()
    return "\n".join('\t "%s"' % text[i:i + 76] for i in range(0, len(text), 76))


def main():
    print("""/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vectors_kdf.h - IKEv1 key derivation, printed by tests/vectors/ike1_kdf.py, which also names the
 * inputs.
 */
#ifndef ESPGW_TEST_VECTORS_KDF_H
#define ESPGW_TEST_VECTORS_KDF_H

#include "control/crypto/suite.h"

struct kdf_vector {
	enum suite_hash hash;
	uint16_t encr, bits;
	const char *skeyid, *skeyid_d, *skeyid_a, *skeyid_e, *encr_key;
	const char *hash_i, *hash_r, *hash1, *hash2, *hash3;
	const char *keymat, *keymat_pfs; /* 100 bytes */
};

static const struct kdf_vector kdf_vectors[] = {""")
    for name, encr, bits, key_len in SUITES:
        print("\t{SUITE_HASH_%s,\n\t %d,\n\t %d," % (name, encr, bits))
        print(",\n".join(literal(v) for v in derive(name, key_len)) + "},")
    print("};\n\n#endif")


main()
