/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_ident.c - any bytes as the body of an ID payload: as a peer's identity and as a traffic
 * selector. What decodes must print, equal itself and survive encoding.
 */
#include <string.h>

#include "control/ike/ident.h"
#include "control/ike/ts.h"
#include "tests/fuzz/fuzz.h"

static void check_identity(const struct ike_pld_id *pld)
{
	struct ike_identity_conf id, back;
	char text[IDENT_MAX_TEXT];
	uint8_t buf[512];
	struct wire_writer w;

	ident_port_ok(pld);
	if (ident_decode(&id, pld->type, pld->data) != 0)
		return;
	FUZZ_CHECK(ident_equal(&id, &id) && ident_match(&id, &id));
	ident_print(&id, text, sizeof(text));
	FUZZ_CHECK(strlen(text) + 1 < sizeof(text));
	for (const char *p = text; *p; p++)
		FUZZ_CHECK(*p > ' ' && *p < 0x7f);
	wire_writer_init(&w, buf, sizeof(buf));
	ident_put_ike1(&w, &id, pld->port);
	FUZZ_CHECK(!w.overflow);
	FUZZ_CHECK(ident_decode(&back, buf[0], (struct ike_view){buf + 4, w.pos - 4}) == 0);
	FUZZ_CHECK(memcmp(&id, &back, sizeof(id)) == 0);
}

static void check_selector(const struct ike_pld_id *pld)
{
	struct abi_range r, back, both;
	struct ike_pld_id out;
	char text[TS_MAX_TEXT];
	uint8_t buf[64];
	struct wire_writer w;

	if (ts_from_id(&r, pld) != 0)
		return;
	FUZZ_CHECK(ts_valid(&r) && ts_contains(&r, &r));
	FUZZ_CHECK(ts_intersect(&r, &r, &both) && ts_equal(&r, &both));
	ts_print(&r, text, sizeof(text));
	FUZZ_CHECK(strlen(text) + 1 < sizeof(text));
	wire_writer_init(&w, buf, sizeof(buf));
	FUZZ_CHECK(ts_put_id(&w, &r) == 0 && !w.overflow);
	out = (struct ike_pld_id){.type = buf[0],
				  .protocol = buf[1],
				  .port = (uint16_t)(buf[2] << 8 | buf[3]),
				  .data = {buf + 4, w.pos - 4}};
	FUZZ_CHECK(ts_from_id(&back, &out) == 0 && ts_equal(&r, &back));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ike_pld_id pld;

	if (size < 4)
		return 0;
	pld = (struct ike_pld_id){.type = data[0],
				  .protocol = data[1],
				  .port = (uint16_t)(data[2] << 8 | data[3]),
				  .data = {data + 4, size - 4}};
	check_identity(&pld);
	check_selector(&pld);
	return 0;
}
