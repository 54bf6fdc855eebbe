/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verdict.h - what Alibaba's DiagnoseVpnConnections says of its end of the tunnels, held against
 * what this side found (the JSON of the console's diagnose).
 */
#ifndef ESPGW_CLOUD_VERDICT_H
#define ESPGW_CLOUD_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "control/diag/diag.h"

/**
 * Merge both. here: the answer of "diagnose" in JSON, NULL when there is no daemon. A connection of
 * the cloud is about the peer whose comment or name is its or its tunnel's number, else about all
 * peers of the answer.
 * Text: a paragraph for each; JSON: an array. 0, or -EINVAL and why: not such a file.
 */
int verdict_merge(const char *cloud, size_t len, const char *here, enum diag_lang lang, bool json,
		  struct text *out, struct text *why);

#endif
