/* SPDX-License-Identifier: BSD-3-Clause */
/* fingerprint.c - see fingerprint.h. */
#include "control/diag/fingerprint.h"

#include <errno.h>
#include <stdio.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

int fingerprint_of(const uint8_t *secret, size_t len, char out[FINGERPRINT_TEXT])
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (EVP_Digest(secret, len, digest, NULL, EVP_sha256(), NULL) != 1)
		return -EIO;
	snprintf(out, FINGERPRINT_TEXT, "%02x%02x", digest[0], digest[1]);
	OPENSSL_cleanse(digest, sizeof(digest));
	return 0;
}
