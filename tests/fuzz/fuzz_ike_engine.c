/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_ike_engine.c - of IKEv1, and fuzz_ike2_engine with FUZZ_IKE2: two engines negotiate with
 * real keys; the input says what happens to their messages, and what else is sent, in clear or
 * under keys that verify. So the input reaches what stands behind decryption and HASH.
 *
 * First byte: PFS, NAT, who begins, aggressive mode, proposal check. Then operations, each an
 * opcode byte:
 *   00..3f  let (n + 1) * 20 ms pass
 *   40..5f  raw datagram: to node n & 1, on port 4500 when n & 2; length byte, bytes
 *   60..7f  authentic message from node n & 1, quick mode (CREATE_CHILD_SA) when n & 2, else
 *           informational: first payload type byte, length byte, bytes
 *   80..9f  the next encrypted message from node n & 1: payloads replaced by length byte, bytes
 *           (n & 2), or one byte at offset byte changed to byte
 *   a0..bf  the next message in clear from node n & 1: byte at offset byte changed to byte
 *   c0..    an operator: terminate, flush, rekey of either phase, reload
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/sim/forge.h"
#include "tests/sim/forge2.h"

#ifdef FUZZ_IKE2
#define IKE2 true
#else
#define IKE2 false
#endif
#define SK 46 /* payload */

struct input {
	const uint8_t *data;
	size_t left;
};

static uint8_t take(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->data++;
}

static size_t take_bytes(struct input *in, uint8_t *out, size_t cap)
{
	size_t n = take(in);

	n = n < in->left ? n : in->left;
	n = n < cap ? n : cap;
	memcpy(out, in->data, n);
	in->data += n;
	in->left -= n;
	return n;
}

/* A change that waits for its message. */
struct pending {
	bool armed, encrypted, whole;
	int from;
	uint8_t at, value, bytes[256];
	size_t len;
};

static size_t change(void *ctx, uint8_t *next, uint8_t *payloads, size_t len, size_t cap)
{
	struct pending *p = ctx;

	if (!p->whole) {
		if (len > 0)
			payloads[p->at % len] = p->value;
		return len;
	}
	*next = p->value;
	len = p->len < cap ? p->len : cap;
	memcpy(payloads, p->bytes, len);
	return len;
}

static bool hook(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct pending *p = ctx;
	bool encrypted = d->len > 28 && (IKE2 ? data[16] == SK : (data[19] & 1) != 0);

	if (!p->armed || p->from != from || d->len <= 28 || encrypted != p->encrypted)
		return true;
	p->armed = false;
	if (encrypted && IKE2)
		(void)forge2_message(s, from, data, &d->len, 4096, change, p);
	else if (encrypted)
		(void)forge_message(s, from, data, &d->len, 4096, change, p);
	else
		data[28 + p->at % (d->len - 28)] = p->value;
	return true;
}

static void arm(struct pending *p, struct input *in, uint8_t op)
{
	p->armed = true;
	p->encrypted = op < 0xa0;
	p->from = op & 1;
	p->whole = p->encrypted && (op & 2) != 0;
	p->at = p->whole ? 0 : take(in);
	p->value = take(in);
	p->len = p->whole ? take_bytes(in, p->bytes, sizeof(p->bytes)) : 0;
}

static void operate(struct sim *s, uint8_t op)
{
	struct sim_node *n = &s->node[op & 1];

	switch (op >> 1 & 7) {
	case 0:
		ike_engine_terminate(n->engine, NULL, s->now);
		break;
	case 1:
		ike_engine_flush_children(n->engine, s->now);
		break;
	case 2:
	case 3:
		(void)ike_engine_rekey(n->engine, n->conf.name, op & 2, s->now);
		break;
	case 4:
		n->children[0].proposal.lifetime = 10 + op;
		FUZZ_CHECK(sim_configure(s, op & 1) == 0);
		break;
	default:
		ike_engine_acquire(n->engine, SIM_POLICY(0), s->now);
		break;
	}
	n->due = s->now;
}

static void step(struct sim *s, struct pending *p, struct input *in)
{
	uint8_t op = take(in), bytes[256], next;
	size_t len;

	if (op < 0x40) {
		sim_run(s, s->now + (op + 1) * 20 * SIM_MS);
	} else if (op < 0x60) {
		len = take_bytes(in, bytes, sizeof(bytes));
		sim_inject(s, op & 1, bytes, len, op & 2);
	} else if (op < 0x80) {
		next = take(in);
		len = take_bytes(in, bytes, sizeof(bytes));
		if (IKE2)
			(void)forge2_send(s, op & 1, op & 2 ? 36 : 37, next, bytes, len);
		else
			(void)forge_send(s, op & 1, op & 2 ? 32 : 5, 0x10000u + (uint32_t)in->left,
					 next, bytes, len, FORGE_RIGHT);
	} else if (op < 0xc0) {
		arm(p, in, op);
	} else {
		operate(s, op);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	struct pending p = {.armed = false};
	uint8_t flags = take(&in);
	struct sim s;

	if (size > 1024)
		return 0;
	sim_init(&s, 1);
	for (int i = 0; i < 2 && IKE2; i++)
		s.node[i].conf.mode = IKE_MODE_IKE2;
	s.node[1].conf.passive = flags & 4;
	if ((flags & 8) && !IKE2)
		s.node[0].conf.mode = s.node[1].conf.mode = IKE_MODE_AGGRESSIVE;
	s.node[1].conf.profile.proposal_check = flags >> 4 & 3;
	s.node[0].children[0].proposal.pfs_group = flags & 1 ? 19 : 0;
	s.node[1].children[0].proposal.pfs_group = s.node[0].children[0].proposal.pfs_group;
	if (flags & 2) {
		s.node[0].nat = sim_addr("203.0.113.9");
		s.node[1].conf.remote = s.node[0].nat;
		s.node[1].conf.passive = true;
	}
	s.net.hook = hook;
	s.net.hook_ctx = &p;
	sim_start(&s);
	while (in.left > 0)
		step(&s, &p, &in);
	sim_run(&s, s.now + 5 * SIM_SEC);
	FUZZ_CHECK(sim_counters_add_up(&s, 0) && sim_counters_add_up(&s, 1));
	sim_fini(&s);
	return 0;
}
