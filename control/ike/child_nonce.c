/* SPDX-License-Identifier: BSD-3-Clause */
/* child_nonce.c - the nonces of pairs, by which both sides agree on which of two goes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/ike/child_sa.h"

int child_nonce_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	size_t len = a_len < b_len ? a_len : b_len;
	int r = len != 0 ? memcmp(a, b, len) : 0;

	return r != 0 ? r : (a_len > b_len) - (a_len < b_len);
}

int child_set_nonces(struct child_sa *c, const uint8_t *ni, size_t ni_len, const uint8_t *nr,
		     size_t nr_len)
{
	bool first = child_nonce_compare(ni, ni_len, nr, nr_len) < 0;

	size_t len = first ? ni_len : nr_len;
	uint8_t *copy = malloc(len + 1);

	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, first ? ni : nr, len);
	free(c->low_nonce);
	c->low_nonce = copy;
	c->low_nonce_len = len;
	return 0;
}

void child_cross(struct child_sa *a, struct child_sa *b)
{
	a->crossed = b->token;
	b->crossed = a->token;
}

bool child_loses(const struct child_sa *c, const struct child_sa *other)
{
	return child_nonce_compare(c->low_nonce, c->low_nonce_len, other->low_nonce,
				   other->low_nonce_len) < 0;
}
