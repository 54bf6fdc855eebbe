/* SPDX-License-Identifier: BSD-3-Clause */
/* names_reply.c - A and AAAA in one answer; see names_reply.h. */
#include "control/names_reply.h"

#include <string.h>

void names_reply_add(struct names_answer *a, uint8_t family, size_t count, uint32_t ttl,
		     const void *addrs)
{
	size_t len = family == 4 ? 4 : 16;

	if (a->n == 0 || ttl < a->ttl)
		a->ttl = ttl;
	if (family == 4) { /* for them AAAA that came first make room */
		size_t want = count < HOSTS_MAX_ANSWERS ? count : HOSTS_MAX_ANSWERS;

		if (a->n > HOSTS_MAX_ANSWERS - want)
			a->n = HOSTS_MAX_ANSWERS - want;
	}
	for (size_t i = 0; i < count && a->n < HOSTS_MAX_ANSWERS; i++) {
		struct abi_addr *to = &a->addrs[a->n++];

		*to = (struct abi_addr){.family = family};
		memcpy(to->bytes, (const uint8_t *)addrs + i * len, len);
	}
}

/* What says more of why there is no address: a server that is silent about AAAA hides nothing when
 * it says that the name does not exist. */
static void note_status(struct names_answer *a, enum names_status status)
{
	if (a->status == NAMES_UNASKED || a->status == NAMES_NO_ADDRESS || status == NAMES_NO_NAME)
		a->status = status;
}

void names_reply_fail(struct names_answer *a, uint8_t family, enum names_status status)
{
	/* whether there are any is not known, unless it was said that there are none */
	bool missing = status != NAMES_NO_NAME && status != NAMES_NO_ADDRESS;

	note_status(a, status);
	if (family == 4)
		a->missing4 = missing;
	else
		a->missing6 = missing;
}

void names_reply_end(struct names_answer *a)
{
	struct abi_addr sorted[HOSTS_MAX_ANSWERS];
	size_t n = 0;

	if (a->n == 0)
		return;
	a->status = NAMES_FOUND;
	for (uint8_t family = 4; family <= 6; family = (uint8_t)(family + 2))
		for (size_t i = 0; i < a->n; i++)
			if (a->addrs[i].family == family)
				sorted[n++] = a->addrs[i];
	memcpy(a->addrs, sorted, n * sizeof(sorted[0]));
}
