/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fingerprint.h - what two operators can tell each other of a secret to see whether they mean the
 * same one: the first 16 bits of its SHA-256. Too little to find it by guessing: of a million
 * candidates it leaves 15.
 */
#ifndef ESPGW_DIAG_FINGERPRINT_H
#define ESPGW_DIAG_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

#define FINGERPRINT_TEXT 5u

/** Four hex digits. 0 or -EIO. */
int fingerprint_of(const uint8_t *secret, size_t len, char out[FINGERPRINT_TEXT]);

#endif
