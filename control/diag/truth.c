/* SPDX-License-Identifier: BSD-3-Clause */
/* truth.c - the truth table of traffic; see truth.h. */
#include "control/diag/truth.h"

/* N: none, S: some, A: any. The first row that fits decides. */
enum want { N, S, A };

static const struct row {
	uint8_t want[TRUTH_FACTS];
	enum truth_state state;
	enum ike_code code;
} rows[] = {
	/* matched, sent, received, verified, passed, delivered */
	{{S, N, A, A, A, A}, TRUTH_NOT_PASSING, IKE_NO_SA_FOR_TRAFFIC},
	{{A, A, S, N, N, A}, TRUTH_NOT_PASSING, IKE_NOT_VERIFIED},
	{{A, A, S, S, N, A}, TRUTH_NOT_PASSING, IKE_PEER_NATS_TUNNEL_TRAFFIC},
	{{A, A, S, S, S, N}, TRUTH_NOT_PASSING, IKE_LAN_UNREACHABLE},
	{{S, S, N, A, A, A}, TRUTH_NOT_PASSING, IKE_NO_REPLY_FROM_PEER},
	{{N, N, S, S, S, S}, TRUTH_NOT_PASSING, IKE_NO_RETURN_FROM_LAN},
	{{S, S, S, S, S, S}, TRUTH_PASSING, IKE_CODE_COUNT},
};

static bool fits(const struct row *r, const struct truth *t)
{
	for (int i = 0; i < TRUTH_FACTS; i++) {
		bool some = t->fact[i] >= TRUTH_FEW;

		if ((r->want[i] == N && t->fact[i] != 0) || (r->want[i] == S && !some))
			return false;
	}
	return true;
}

void truth_judge(struct truth *t, bool up)
{
	t->state = TRUTH_IDLE;
	t->code = IKE_CODE_COUNT;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!fits(&rows[i], t))
			continue;
		/* without an SA the handshake's evidence says why */
		if (rows[i].code == IKE_NO_SA_FOR_TRAFFIC || up) {
			t->state = rows[i].state;
			t->code = rows[i].code;
		}
		return;
	}
}

const char *truth_fact_name(enum truth_fact fact)
{
	static const char *const names[TRUTH_FACTS] = {"matched",  "sent",   "received",
						       "verified", "passed", "delivered"};

	return (unsigned)fact < TRUTH_FACTS ? names[fact] : "unknown";
}
