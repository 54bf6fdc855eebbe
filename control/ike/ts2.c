/* SPDX-License-Identifier: BSD-3-Clause */
/* ts2.c - traffic selector payloads of IKEv2; see ts2.h. */
#include "control/ike/ts2.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/ike/conf.h"

#define HEAD 8u /* type, protocol, length, two ports */

static bool opaque(const struct abi_range *r)
{
	return r->port_lo == UINT16_MAX && r->port_hi == 0;
}

/* One selector; *keep: it is of use. */
static int get_one(struct wire_reader *all, struct abi_range *r, bool *keep)
{
	uint8_t type = wire_get_u8(all);
	uint8_t protocol = wire_get_u8(all);
	uint16_t len = wire_get_u16(all);
	struct wire_reader w;
	struct ike_view lo, hi;
	size_t alen = type == IKE2_TS_IPV4 ? 4 : 16;

	memset(r, 0, sizeof(*r));
	*keep = false;
	if (len < 4)
		return -EBADMSG;
	w = wire_get_sub(all, len - 4u);
	if (all->error)
		return -EBADMSG;
	if (type != IKE2_TS_IPV4 && type != IKE2_TS_IPV6)
		return 0;
	if (len != HEAD + 2 * alen)
		return -EBADMSG;
	r->family = type == IKE2_TS_IPV4 ? 4 : 6;
	r->protocol = protocol;
	r->port_lo = wire_get_u16(&w);
	r->port_hi = wire_get_u16(&w);
	lo = wire_get_bytes(&w, alen);
	hi = wire_get_bytes(&w, alen);
	memcpy(r->lo, lo.data, alen);
	memcpy(r->hi, hi.data, alen);
	if (opaque(r))
		return 0;
	*keep = true;
	return ts_valid(r) ? 0 : -EBADMSG;
}

int ts2_decode(struct ts2_list *list, const struct ike_pld_ts *pld)
{
	struct wire_reader r;

	list->n = 0;
	wire_reader_init(&r, pld->selectors.data, pld->selectors.len, 0);
	for (unsigned i = 0; i < pld->count; i++) {
		bool keep;

		if (i == IKE2_MAX_TS || get_one(&r, &list->r[list->n], &keep) != 0) {
			list->n = 0;
			return -EBADMSG;
		}
		list->n = (uint16_t)(list->n + keep);
	}
	return 0;
}

int ts2_put(struct wire_writer *w, const struct abi_range *r, size_t n)
{
	if (n == 0 || n > IKE2_MAX_TS)
		return -EINVAL;
	wire_put_u8(w, (uint8_t)n);
	wire_put_zero(w, 3);
	for (size_t i = 0; i < n; i++) {
		size_t alen = r[i].family == 4 ? 4 : 16;

		if (!ts_valid(&r[i]))
			return -EINVAL;
		wire_put_u8(w, r[i].family == 4 ? IKE2_TS_IPV4 : IKE2_TS_IPV6);
		wire_put_u8(w, r[i].protocol);
		wire_put_u16(w, (uint16_t)(HEAD + 2 * alen));
		wire_put_u16(w, r[i].port_lo);
		wire_put_u16(w, r[i].port_hi);
		wire_put_bytes(w, r[i].lo, alen);
		wire_put_bytes(w, r[i].hi, alen);
	}
	return 0;
}

size_t ts2_of_conf(const struct ike_child_conf *conf, bool local,
		   struct abi_range r[ABI_MAX_SELECTORS])
{
	const struct ike_child_more *m = ike_child_more(conf);
	size_t more = local ? m->n_local : m->n_remote;

	if (more > ABI_MAX_SELECTORS - 1)
		more = ABI_MAX_SELECTORS - 1;
	r[0] = local ? conf->local : conf->remote;
	memcpy(r + 1, local ? m->local : m->remote, more * sizeof(r[0]));
	return 1 + more;
}

/* Adds one unless it lies within others; drops those that lie within it. */
static size_t add(struct abi_range *out, size_t n, size_t max, const struct abi_range *r)
{
	size_t kept = 0;

	if (ts2_within(r, 1, out, n))
		return n;
	for (size_t i = 0; i < n; i++) {
		if (!ts_contains(r, &out[i]))
			out[kept++] = out[i];
	}
	if (kept < max)
		out[kept++] = *r;
	return kept;
}

size_t ts2_narrow(const struct abi_range *ours, size_t n_ours, const struct ts2_list *theirs,
		  struct abi_range *out, size_t max)
{
	struct abi_range both;
	size_t n = 0;

	for (size_t i = 0; i < theirs->n; i++) {
		for (size_t k = 0; k < n_ours; k++) {
			if (ts_intersect(&ours[k], &theirs->r[i], &both))
				n = add(out, n, max, &both);
		}
	}
	return n;
}

bool ts2_within(const struct abi_range *inner, size_t n_inner, const struct abi_range *outer,
		size_t n_outer)
{
	for (size_t i = 0; i < n_inner; i++) {
		bool found = false;

		for (size_t k = 0; k < n_outer && !found; k++)
			found = ts_contains(&outer[k], &inner[i]);
		if (!found)
			return false;
	}
	return true;
}

char *ts2_print(const struct abi_range *r, size_t n, char *buf, size_t cap)
{
	char one[TS_MAX_TEXT];
	size_t at = 0;

	if (cap > 0)
		buf[0] = '\0';
	for (size_t i = 0; i < n && at + 1 < cap; i++) {
		int len = snprintf(buf + at, cap - at, "%s%s", i > 0 ? " " : "",
				   ts_print(&r[i], one, sizeof(one)));

		at += len > 0 ? (size_t)len : 0;
	}
	return buf;
}
