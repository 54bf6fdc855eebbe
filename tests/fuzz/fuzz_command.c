/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_command.c - what a compromised control could put into the command ring. An input is a row of
 * commands: one byte of type and manner, then what the manner needs.
 *
 *   bit 7 set    two bytes of length, then the record as it is, behind a header whose type is the
 *                low bits and whose length is these bytes' length
 *   otherwise    a right record of that type, then one byte: how many of its bytes are changed,
 * each by two bytes of place and one of value
 *
 * Building tables takes milliseconds, so that an input that wants addresses and routes committed
 * begins with COMMIT_NET, one that wants policies committed with COMMIT_POLICIES. Each command is
 * answered once; at the end the manager holds no more SAs than it says, and takes a good one.
 */
#include <string.h>

#include "dataplane/ipsec/sad.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/dataplane/fixture.h"

#define RAW		0x80u
#define COMMIT_NET	0xa5u
#define COMMIT_POLICIES 0x5au

static struct fixture *f;
static const uint8_t *in;
static size_t left;

static void down(void)
{
	fixture_free(f);
}

static unsigned int next(void)
{
	if (left == 0)
		return 0;
	left--;
	return *in++;
}

static unsigned int next16(void)
{
	unsigned int high = next();

	return high << 8 | next();
}

static struct abi_range range(uint8_t family, uint8_t first)
{
	struct abi_range r = {.family = family, .port_hi = 65535, .lo = {first}, .hi = {first}};

	memset(r.hi + 1, 0xff, family == 6 ? 15 : 3);
	return r;
}

/* A record of that type that would be taken in the right state. Its length, or 0. */
static size_t good(uint8_t *r, unsigned int type)
{
	uint8_t family = type & 0x40 ? 6 : 4;
	union {
		struct abi_sa_add sa;
		struct abi_sa_update update;
		struct abi_sa_delete gone;
		struct abi_generation generation;
		struct abi_policy policy;
		struct abi_address address;
		struct abi_route route;
	} u;
	size_t len = sizeof(u.generation);

	memset(&u, 0, sizeof(u));
	u.generation.generation = 1;
	switch (type & 0x3f) {
	case ABI_CMD_SA_ADD:
		u.sa = fixture_sa(5, family == 6 ? ABI_DIR_OUT : ABI_DIR_IN, 1);
		len = sizeof(u.sa);
		break;
	case ABI_CMD_SA_UPDATE:
		u.update.slot = 5;
		u.update.spi = 0x10005;
		u.update.what = ABI_SA_UPD_LIFETIME;
		len = sizeof(u.update);
		break;
	case ABI_CMD_SA_DELETE:
		u.gone.slot = 5;
		u.gone.spi = 0x10005;
		len = sizeof(u.gone);
		break;
	case ABI_CMD_POLICY:
		u.policy.policy_id = 1;
		u.policy.action = ABI_ACT_PROTECT;
		u.policy.mode = ABI_MODE_TUNNEL;
		u.policy.local = range(family, 10);
		u.policy.remote = range(family, 11);
		len = sizeof(u.policy);
		break;
	case ABI_CMD_ADDRESS:
		u.address.prefix_len = 24;
		u.address.addr = (struct abi_addr){.family = family, .bytes = {10, 0, 0, 1}};
		len = sizeof(u.address);
		break;
	case ABI_CMD_ROUTE:
		u.route.prefix_len = 8;
		u.route.dst = (struct abi_addr){.family = family, .bytes = {11}};
		len = sizeof(u.route);
		break;
	default:
		break;
	}
	memcpy(r, &u, len);
	return len;
}

static void command(bool policies, bool net)
{
	static uint32_t id;
	_Alignas(8) uint8_t r[ABI_COMMAND_SLOT] = {0};
	unsigned int how = next(), type = how & 0x3f;
	struct abi_msg msg = {.type = (uint16_t)type, .request_id = ++id};
	size_t len, at;

	if ((type == ABI_CMD_POLICY_COMMIT && !policies) || (type == ABI_CMD_NET_COMMIT && !net))
		return;
	if (how & RAW) {
		msg.length = (uint16_t)next16();
		len = left < sizeof(r) - sizeof(msg) ? left : sizeof(r) - sizeof(msg);
		if (msg.length < len + sizeof(msg))
			len = msg.length > sizeof(msg) ? msg.length - sizeof(msg) : 0;
		memcpy(r + sizeof(msg), in, len);
		in += len;
		left -= len;
	} else {
		msg.length = (uint16_t)good(r, how);
		for (unsigned int n = next(); n > 0 && left > 0; n--) {
			at = sizeof(msg) + next16() % (sizeof(r) - sizeof(msg));
			r[at] = (uint8_t)next();
		}
	}
	memcpy(r, &msg, sizeof(msg));
	FUZZ_CHECK(abi_ring_put(&f->command, r, sizeof(r)) == 0);
	fixture_tick(f, 1000);
}

static unsigned int answers(void)
{
	struct abi_ev_reply ev;
	unsigned int n = 0;

	while (fixture_event(f, ABI_EV_REPLY, &ev, sizeof(ev))) {
		FUZZ_CHECK(ev.status <= ABI_ERR_INTERNAL);
		n++;
	}
	return n;
}

/* Nothing of this input may be there when the next one comes. */
static void clear(void)
{
	fixture_generation(f, ABI_CMD_SA_FLUSH, 0, 0); /* answered after the grace period */
	fixture_grace(f);
	answers();
	FUZZ_CHECK(sad_count(f->h->tables.sad) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct abi_sa_add sa;

	if (f == NULL) {
		f = fixture_create();
		FUZZ_CHECK(f != NULL && atexit(down) == 0);
	}
	in = data;
	left = size;
	for (unsigned int n = 0; n < 32 && left > 0; n++)
		command(data[0] == COMMIT_POLICIES, data[0] == COMMIT_NET);
	fixture_grace(f);
	answers();
	FUZZ_CHECK(f->segment.events_missed == 0);
	clear();
	sa = fixture_sa(7, ABI_DIR_IN, 0);
	FUZZ_CHECK(fixture_ask(f, &sa, ABI_CMD_SA_ADD, sizeof(sa), NULL) == ABI_OK);
	clear();
	return 0;
}
