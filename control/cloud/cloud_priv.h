/* SPDX-License-Identifier: BSD-3-Clause */
/* cloud_priv.h - what the readers of the clouds' files share; used by control/cloud alone. */
#ifndef ESPGW_CLOUD_CLOUD_PRIV_H
#define ESPGW_CLOUD_CLOUD_PRIV_H

#include <jansson.h>

#include "control/cloud/cloud.h"

/* A reader: what it has read so far, and the first thing that was wrong. */
struct cloud_reader {
	struct cloud_config *c;
	const struct cloud_request *req;
	struct text *why;
	bool failed;
};

/** The first one counts. */
void cloud_fail(struct cloud_reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** A string of an object; "" when it is not there or null. Anything else fails. */
const char *cloud_string(struct cloud_reader *r, json_t *o, const char *key);
/** A number, also one in a string; preset when it is not there, null or empty. */
uint64_t cloud_number(struct cloud_reader *r, json_t *o, const char *key, uint64_t preset);
/** true, "true", 1. */
bool cloud_flag(struct cloud_reader *r, json_t *o, const char *key);
/** Copied whole, or it fails. */
void cloud_copy(struct cloud_reader *r, char *to, const char *key, const char *from);
void cloud_address(struct cloud_reader *r, struct abi_addr *to, const char *key, const char *from);
/** Networks joined by commas; how many, at most cap. */
size_t cloud_nets(struct cloud_reader *r, const char *key, const char *from, struct cloud_net *to,
		  size_t cap);
void cloud_add_pair(struct cloud_reader *r, const struct cloud_net *local,
		    const struct cloud_net *remote);

/* The clouds' words for algorithms, as ours; preset when a word is empty. Fails with what we do not
 * have. */
enum cloud_words {
	CLOUD_WORD_ENC = 0,
	CLOUD_WORD_HASH,
	CLOUD_WORD_GROUP,
	CLOUD_WORD_ESP_ENC,
	CLOUD_WORD_ESP_AUTH,
	CLOUD_WORD_PFS
};
const char *cloud_word(struct cloud_reader *r, enum cloud_words kind, const char *key,
		       const char *value, const char *preset);
/** "ikev1" or "IKEV2", "main" or "AGGRESSIVE". */
enum ike_exchange_mode cloud_mode(struct cloud_reader *r, const char *version, const char *mode);

void cloud_read_alibaba(struct cloud_reader *r, json_t *config);
void cloud_read_tencent(struct cloud_reader *r, json_t *set);
/** What Tencent writes for H3C's Comware. */
void cloud_read_comware(struct cloud_reader *r, const char *text);

#endif
