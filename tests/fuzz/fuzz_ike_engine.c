/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_ike_engine.c - of IKEv1, and fuzz_ike2_engine with FUZZ_IKE2: two engines negotiate; the
 * input says what happens to their messages, and what else is sent, in clear or under keys that
 * verify. So the input reaches what stands behind decryption and HASH. engine_input.h has its form.
 *
 * Diffie-Hellman, digests and ciphers are those of cheap_dh.c, cheap_prf.c and
 * cheap_evp.c.
 */
#include <string.h>

#include "tests/fuzz/engine_input.h"
#include "tests/fuzz/engine_start.h"
#include "tests/fuzz/fuzz.h"
#include "tests/sim/forge.h"
#include "tests/sim/forge2.h"

#ifdef FUZZ_IKE2
#define IKE2 true
#else
#define IKE2 false
#endif
#define SK	46 /* payloads */
#define SKF	53
#define PENDING 4
#define PAST	8
#define CAP	4096

/* A change that waits for its message. */
struct pending {
	bool armed, encrypted, whole, edits;
	int from;
	uint8_t at, value, bytes[256];
	size_t len;
	struct edit edit;
};

struct run {
	struct sim sim;
	struct engine_input in;
	struct pending pending[PENDING];
	struct { /* the latest datagrams */
		uint8_t data[1500];
		size_t len;
	} past[PAST];
	unsigned n_past;
};

static size_t change(void *ctx, uint8_t *next, uint8_t *payloads, size_t len, size_t cap)
{
	struct pending *p = ctx;

	if (p->edits)
		return edit_payloads(&p->edit, next, payloads, len, cap);
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

static void change_clear(struct pending *p, struct ike_datagram *d, uint8_t *data)
{
	size_t len = change(p, &data[16], data + 28, d->len - 28, CAP);

	d->len = 28 + len;
	if (!p->edits)
		return;
	data[26] = (uint8_t)(d->len >> 8);
	data[27] = (uint8_t)d->len;
}

static bool hook(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct run *r = ctx;
	bool encrypted =
		d->len > 28 && (IKE2 ? data[16] == SK || data[16] == SKF : (data[19] & 1) != 0);

	for (int i = 0; i < PENDING && d->len > 28; i++) {
		struct pending *p = &r->pending[i];

		if (!p->armed || p->from != from || encrypted != p->encrypted)
			continue;
		p->armed = false;
		if (encrypted && IKE2)
			(void)forge2_message(s, from, data, &d->len, CAP, change, p);
		else if (encrypted)
			(void)forge_message(s, from, data, &d->len, CAP, change, p);
		else
			change_clear(p, d, data);
		break;
	}
	if (d->len <= sizeof(r->past[0].data)) {
		unsigned k = r->n_past++ % PAST;

		memcpy(r->past[k].data, data, d->len);
		r->past[k].len = d->len;
	}
	return true;
}

static void arm(struct run *r, uint8_t op)
{
	struct engine_input *in = &r->in;
	struct pending *p = &r->pending[0];

	for (int i = 0; i < PENDING; i++) {
		if (!r->pending[i].armed) {
			p = &r->pending[i];
			break;
		}
	}
	*p = (struct pending){.armed = true, .encrypted = op < 0xa0, .from = op & 1};
	if (op >= 0xd0) {
		p->edits = true;
		p->encrypted = (op & 2) != 0;
		p->edit.kind = engine_take(in) % EDIT_KINDS;
		p->edit.which = engine_take(in);
		p->edit.at = engine_take(in);
		p->edit.len = engine_take_bytes(in, p->edit.bytes, sizeof(p->edit.bytes));
		return;
	}
	p->whole = p->encrypted && (op & 2) != 0;
	p->at = p->whole ? 0 : engine_take(in);
	p->value = engine_take(in);
	p->len = p->whole ? engine_take_bytes(in, p->bytes, sizeof(p->bytes)) : 0;
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
	case 5:
		ike_engine_acquire(n->engine, SIM_POLICY(0), s->now);
		break;
	case 6:
		(void)sim_kill(s, op & 1);
		break;
	default:
		n->install_status = n->install_status == 0 ? -28 : 0;
		break;
	}
	n->due = s->now;
}

/* e0..ef */
static void send_sealed(struct run *r, uint8_t op)
{
	static const uint8_t exchanges1[] = {5, 32, 2, 4, 6, 33};
	uint8_t exchange = engine_take(&r->in), id = engine_take(&r->in), list[256], out[2048];
	size_t len = engine_take_bytes(&r->in, list, sizeof(list));
	uint8_t next;

	len = edit_build(list, len, &next, out, sizeof(out));
	if (IKE2)
		(void)forge2_send_as(&r->sim, op & 1, (uint8_t)(34 + exchange % 5), (int8_t)id,
				     op & 2, next, out, len);
	else
		(void)forge_send(&r->sim, op & 1, exchanges1[exchange % sizeof(exchanges1)],
				 0x10000u + id, next, out, len, op & 4 ? FORGE_WRONG : FORGE_RIGHT);
}

/* f0..f7 */
static void send_fragment(struct run *r, uint8_t op)
{
	struct engine_input *in = &r->in;
	uint8_t number = engine_take(in), total = engine_take(in), next = engine_take(in);
	uint8_t bytes[256];
	size_t len = engine_take_bytes(in, bytes, sizeof(bytes));

	if (IKE2)
		(void)forge2_send_fragment(&r->sim, op & 1, number, total, next, bytes, len);
	else
		(void)forge_send_fragment(&r->sim, op & 1, next, number, op & 2, bytes, len);
}

static void step(struct run *r)
{
	struct engine_input *in = &r->in;
	struct sim *s = &r->sim;
	uint8_t op = engine_take(in), bytes[256], next;
	size_t len;

	if (op < 0x40) {
		sim_run(s, s->now + (op + 1) * 20 * SIM_MS);
	} else if (op < 0x60) {
		len = engine_take_bytes(in, bytes, sizeof(bytes));
		sim_inject(s, op & 1, bytes, len, op & 2);
	} else if (op < 0x80) {
		next = engine_take(in);
		len = engine_take_bytes(in, bytes, sizeof(bytes));
		if (IKE2)
			(void)forge2_send(s, op & 1, op & 2 ? 36 : 37, next, bytes, len);
		else
			(void)forge_send(s, op & 1, op & 2 ? 32 : 5, 0x10000u + (uint32_t)in->left,
					 next, bytes, len, FORGE_RIGHT);
	} else if (op < 0xc0 || (op >= 0xd0 && op < 0xe0)) {
		arm(r, op);
	} else if (op < 0xd0) {
		operate(s, op);
	} else if (op < 0xf0) {
		send_sealed(r, op);
	} else if (op < 0xf8) {
		send_fragment(r, op);
	} else {
		unsigned k = engine_take(in) % PAST;

		sim_inject(s, op & 1, r->past[k].data, r->past[k].len, op & 2);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run r;
	uint8_t flags;

	if (size > ENGINE_MAX_INPUT)
		return 0;
	memset(r.pending, 0, sizeof(r.pending));
	for (int i = 0; i < PAST; i++)
		r.past[i].len = 0;
	r.n_past = 0;
	r.in = (struct engine_input){data, size};
	flags = engine_take(&r.in);
	sim_init(&r.sim, 2); /* not the seed of what was established: its cookies are in use */
	engine_configure(&r.sim, IKE2, flags);
	if (flags & ENGINE_ESTABLISHED) {
		const struct engine_state *up = engine_established(IKE2, flags);

		for (int i = 0; i < 2; i++)
			(void)engine_restore(&r.sim, up, i);
		r.sim.node[0].dead = flags & ENGINE_BOTH;
	}
	r.sim.net.hook = hook;
	r.sim.net.hook_ctx = &r;
	if ((flags & ENGINE_ESTABLISHED) == 0)
		sim_start(&r.sim);
	while (r.in.left > 0)
		step(&r);
	sim_run(&r.sim, r.sim.now + 50 * SIM_MS);
	FUZZ_CHECK(sim_counters_add_up(&r.sim, 0) && sim_counters_add_up(&r.sim, 1));
	sim_fini(&r.sim);
	return 0;
}
