/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_esp_in.c - frames from the WAN with a tunnel up. The first byte picks: a frame as it is; ESP
 * sealed with the right key around the rest as payload (pad, trailer and next header from three
 * more bytes), in a tunnel over either family or in transport mode; the same, then damaged; bursts
 * of several. What is alone comes twice: the second time its flow is known.
 */
#include <string.h>

#include "tests/fuzz/burst.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/site.h"

#define MAX_PAYLOAD 1600u

/* The first byte. */
#define FRAME	     0x80u
#define BURSTS	     0x60u /* both bits */
#define AMONG_OTHERS 1u
#define HOW	     (SITE_UDP | SITE_TRANSPORT | SITE_OUTER6 | SITE_OPTIONS)

static void sealed(uint8_t kind, const uint8_t *data, size_t size)
{
	static uint8_t out[MAX_PAYLOAD + 512];
	struct reference_esp e = {.next_header = data[0] & 1 ? (data[0] & 8 ? 41 : 4) : data[1],
				  .pad = -1,
				  .bad_pad = (data[0] & 2) != 0,
				  .pad_length = data[0] & 4 ? data[2] : -1};
	size_t len;

	memset(e.iv, data[0], sizeof(e.iv));
	data += 3;
	size -= 3;
	if (size > MAX_PAYLOAD)
		size = MAX_PAYLOAD;
	len = site_seal(kind & HOW, &e, data, size, out);
	if (kind & 2) /* one byte of what is authenticated, of the ICV or of the outer headers */
		out[(e.iv[0] * 7u + size) % len] ^= (uint8_t)(size | 1);
	site_frame(SITE_WAN, out, len);
}

static void alone(uint8_t kind, const uint8_t *data, size_t size)
{
	if (kind & FRAME)
		site_frame(kind & 1, data, size);
	else
		sealed(kind, data, size);
}

static void start(void)
{
	FUZZ_CHECK(site_create() == 0 && atexit(site_free) == 0);
	burst_create();
	FUZZ_CHECK(site_undo_holds());
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool up;

	if (size < 4)
		return 0;
	if (!up)
		start();
	up = true;
	site_undo();
	FUZZ_CHECK(site_order((data[0] & (FRAME | BURSTS | AMONG_OTHERS)) ==
			      (BURSTS | AMONG_OTHERS)) == 0);
	if ((data[0] & FRAME) == 0 && (data[0] & BURSTS) == BURSTS)
		burst_input(data + 1, size - 1);
	else
		for (unsigned int i = 0; i < 2; i++)
			alone(data[0], data + 1, size - 1);
	FUZZ_CHECK(site_check());
	return 0;
}
