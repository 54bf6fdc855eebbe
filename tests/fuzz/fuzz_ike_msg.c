/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_ike_msg.c - any bytes as an IKE message, in clear and as plaintext of an encrypted one. What
 * parses must lie inside the buffer, and must parse again when it is built anew.
 */
#include <string.h>

#include "control/ike/msg.h"
#include "control/ike/natd.h"
#include "control/ike/prop.h"
#include "tests/fuzz/fuzz.h"

static struct ike_msg m, again;
static struct prop_sa sa;

static void check_view(const struct ike_view *v)
{
	if (v->len)
		FUZZ_CHECK(v->data >= m.buf && v->data + v->len <= m.buf + m.len);
}

static void check_payload(const struct ike_payload *p)
{
	struct ike_parse_error error;
	struct ike_view after = ike_msg_after(&m, p);

	check_view(&p->body);
	check_view(&after);
	FUZZ_CHECK(ike_payload_name(m.hdr.version, p->wire_type) != NULL);
	if (!p->known || p->type >= IKE2_PLD_SA)
		return;
	switch (p->type) {
	case IKE1_PLD_SA:
		check_view(&p->sa.proposals);
		prop_decode(&sa, 1, &p->sa, &error);
		prop_decode(&sa, 2, &p->sa, &error);
		break;
	case IKE1_PLD_ID:
	case IKE1_PLD_NATOA:
		check_view(&p->id.data);
		break;
	case IKE1_PLD_NOTIFY:
		check_view(&p->notify.spi);
		check_view(&p->notify.data);
		FUZZ_CHECK(ike1_notify_name(p->notify.type) != NULL);
		break;
	case IKE1_PLD_DELETE:
		check_view(&p->del.spis);
		for (size_t i = 0; i <= p->del.count; i++)
			ike_delete_spi(&p->del, i);
		break;
	default:
		break;
	}
}

/* IKEv1 without padding: the builder must give the same payloads back. */
static void check_rebuild(void)
{
	static uint8_t buf[IKE_MAX_MESSAGE];
	struct ike_builder b;
	size_t len;

	ike_msg_begin(&b, buf, sizeof(buf), &m.hdr);
	for (size_t i = 0; i < m.n; i++)
		ike_msg_add(&b, m.pld[i].wire_type, m.pld[i].body.data, m.pld[i].body.len);
	FUZZ_CHECK(ike_msg_finish(&b, 0, &len) == 0);
	FUZZ_CHECK(len == m.end);
	FUZZ_CHECK(memcmp(buf, m.buf, 24) == 0);
	FUZZ_CHECK(memcmp(buf + IKE_HDR_LEN, m.buf + IKE_HDR_LEN, len - IKE_HDR_LEN) == 0);
	FUZZ_CHECK(ike_msg_parse_plain(&again, buf, len, false) == 0);
	FUZZ_CHECK(again.n == m.n);
}

static void check(int r)
{
	static const struct abi_addr a = {.family = 4, .bytes = {192, 0, 2, 1}};
	struct natd_result result;

	FUZZ_CHECK((r == 0) == (m.error.reason == IKE_PARSE_OK));
	if (r) {
		FUZZ_CHECK(m.n == 0);
		FUZZ_CHECK(strcmp(ike_parse_reason_text(m.error.reason), "unknown") != 0);
		return;
	}
	FUZZ_CHECK(m.n <= IKE_MAX_PAYLOADS && m.end <= m.len && m.len <= IKE_MAX_MESSAGE);
	for (size_t i = 0; i < m.n; i++)
		check_payload(&m.pld[i]);
	natd_variant(&m);
	natd_check(&m, SUITE_HASH_SHA1, &a, 500, &a, 4500, &result);
	if (m.hdr.version >> 4 == 1 && m.n)
		check_rebuild();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(ike_msg_parse(&m, data, size));
	check(ike_msg_parse_plain(&m, data, size, true));
	return 0;
}
