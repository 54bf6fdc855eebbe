/* SPDX-License-Identifier: BSD-3-Clause */
/* names.c - when names are asked for, and what is known of them; see names.h. */
#include "control/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "control/ike/conf.h"
#include "control/ike/table.h"
#include "control/log.h"
#include "control/model/addr.h"
#include "control/model/hostname.h"
#include "control/model/model.h"

#define SEC 1000000000ull

struct name {
	char peer[IKE_CONF_NAME];
	char host[HOSTNAME_MAX + 2];
	uint8_t family;
	bool kept;   /* while a configuration is followed */
	bool asking; /* the question serial is out */
	uint64_t serial, asked, next;
	struct host_known known; /* answers, and what is in use */
	bool chose;		 /* choice and its rival are not settled yet */
	struct host_choice choice;
	char choice_rival[IKE_CONF_NAME];
	enum names_status status, said;
	enum host_verdict verdict;
	struct abi_addr refused;
	char rival[IKE_CONF_NAME];
	uint64_t since, last;
	uint32_t failures;
	uint32_t halves; /* answers in a row of which one family is missing */
	struct table_node by_peer;
	TAILQ_ENTRY(name) link;
};

struct names {
	const struct names_ops *ops;
	void *ctx;
	struct table by_peer;
	TAILQ_HEAD(name_list, name) list;
	uint64_t serial, random, due; /* due: nothing is before this */
	unsigned asking;
	bool changed; /* places have to be chosen anew */
	struct hosts hosts;
};

static const char *const status_texts[] = {
	[NAMES_UNASKED] = "resolving",
	[NAMES_FOUND] = "resolved",
	[NAMES_NO_NAME] = "no such name (NXDOMAIN)",
	[NAMES_NO_ADDRESS] = "the name has no address of the family that is wanted",
	[NAMES_TIMEOUT] = "no name server answers",
	[NAMES_SERVER] = "the name server fails or refuses to answer",
	[NAMES_BAD_ANSWER] = "the answer is malformed or too long",
	[NAMES_NOT_ASKED] = "the name server cannot be reached",
};

const char *names_status_text(enum names_status s)
{
	return status_texts[s];
}

static uint64_t random_below(struct names *n, uint64_t bound)
{
	n->random ^= n->random << 13;
	n->random ^= n->random >> 7;
	n->random ^= n->random << 17;
	return n->random % bound;
}

static struct name *find(const struct names *n, const char *peer)
{
	struct table_node *t =
		table_first(&n->by_peer, table_hash(&n->by_peer, peer, strlen(peer)));

	for (; t != NULL; t = table_next(t)) {
		struct name *x = TABLE_ENTRY(t, struct name, by_peer);

		if (strcmp(x->peer, peer) == 0)
			return x;
	}
	return NULL;
}

static struct log_ctx about(const struct name *x)
{
	return (struct log_ctx){.topic = "ipsec", .peer = x->peer};
}

static void ask_at(struct names *n, struct name *x, uint64_t when)
{
	x->next = when;
	if (when < n->due)
		n->due = when;
}

/* --- the configuration --- */

static void drop(struct names *n, struct name *x)
{
	n->asking -= x->asking;
	n->due = 0;
	table_remove(&n->by_peer, &x->by_peer);
	TAILQ_REMOVE(&n->list, x, link);
	free(x);
}

/* Another family is wanted: what is known holds, as far as it is of that. */
static void ask_anew(struct names *n, struct name *x, uint8_t family, uint64_t now)
{
	x->family = family;
	n->asking -= x->asking;
	x->asking = false;
	x->serial = 0;
	ask_at(n, x, now);
}

static int follow_one(struct names *n, const struct value *v, uint64_t now)
{
	const char *peer = v[PEER_NAME].text, *host = v[PEER_ADDRESS].text;
	uint8_t family = v[PEER_LOCAL].set ? v[PEER_LOCAL].addr.family : 0;
	struct name *x = find(n, peer);

	if (x != NULL && hostname_equal(x->host, host)) {
		x->kept = true;
		if (x->family != family)
			ask_anew(n, x, family, now);
		return 0;
	}
	if (x != NULL)
		drop(n, x);
	x = calloc(1, sizeof(*x));
	if (x == NULL || strlen(peer) >= sizeof(x->peer) || strlen(host) >= sizeof(x->host)) {
		free(x);
		return -ENOMEM;
	}
	strcpy(x->peer, peer);
	strcpy(x->host, host);
	x->family = family;
	x->kept = true;
	x->verdict = HOST_UNKNOWN;
	table_insert(&n->by_peer, &x->by_peer, table_hash(&n->by_peer, peer, strlen(peer)));
	TAILQ_INSERT_TAIL(&n->list, x, link);
	ask_at(n, x, now);
	return 0;
}

int names_follow(struct names *n, const struct model *m, uint64_t now)
{
	const struct model_table *t = &m->table[MENU_PEER];
	struct model_reading reading;
	struct name *x, *next;
	int rc = 0;

	TAILQ_FOREACH (x, &n->list, link)
		x->kept = false;
	for (size_t i = 0; i < t->n; i++) {
		const struct value *v = model_read(m, MENU_PEER, i, &reading)->values;

		if (v[PEER_ADDRESS].text != NULL && !v[PEER_DISABLED].num &&
		    follow_one(n, v, now) != 0)
			rc = -ENOMEM;
	}
	for (x = TAILQ_FIRST(&n->list); x != NULL; x = next) {
		next = TAILQ_NEXT(x, link);
		if (!x->kept)
			drop(n, x);
	}
	return rc;
}

/* --- asking --- */

/* s; longer and longer, the more times in a row there was reason to. */
static uint64_t back_off(uint64_t wait, uint32_t times)
{
	for (uint32_t i = 0; i < times && wait < NAMES_BACKOFF_MOST; i++)
		wait *= 2;
	return wait < NAMES_BACKOFF_MOST ? wait : NAMES_BACKOFF_MOST;
}

static void failed(struct names *n, struct name *x, enum names_status status, uint64_t now)
{
	uint64_t wait = back_off(NAMES_BACKOFF, x->failures) * SEC;
	struct log_ctx lc = about(x);
	char text[ADDR_MAX_TEXT];

	x->since = x->failures++ == 0 ? now : x->since;
	x->last = now;
	x->status = status;
	ask_at(n, x, now + wait + random_below(n, wait / 10));
	if (x->said == status)
		return;
	x->said = status;
	log_warn(&lc, "%s does not resolve: %s%s%s", x->host, names_status_text(status),
		 x->known.current.family != 0 ? "; the peer keeps its address, " : "",
		 x->known.current.family != 0 ? addr_text(&x->known.current, text) : "");
}

static void ask(struct names *n, struct name *x, uint64_t now)
{
	struct names_question q = {
		.peer = x->peer, .host = x->host, .family = x->family, .serial = ++n->serial};

	x->serial = q.serial;
	x->asking = true;
	x->asked = now;
	n->asking++;
	ask_at(n, x, now + NAMES_GIVE_UP * SEC);
	if (n->ops != NULL && n->ops->ask(n->ctx, &q) == 0)
		return;
	x->asking = false;
	n->asking--;
	failed(n, x, NAMES_NOT_ASKED, now);
}

bool names_tick(struct names *n, uint64_t now)
{
	bool changed;
	struct name *x, *next;
	unsigned int asked = 0; /* a hosts file answers at once, and is read for each */

	if (now >= n->due) {
		n->due = UINT64_MAX;
		for (x = TAILQ_FIRST(&n->list); x != NULL; x = next) {
			next = TAILQ_NEXT(x, link);
			if (now < x->next) {
				n->due = x->next < n->due ? x->next : n->due;
				continue;
			}
			if (x->asking) { /* for NAMES_GIVE_UP */
				x->asking = false;
				n->asking--;
				x->serial = 0;
				failed(n, x, NAMES_TIMEOUT, now);
				n->due = now; /* there is room for one before it */
			} else if (n->asking < NAMES_ASKING_MOST && asked < NAMES_ASKING_MOST) {
				TAILQ_REMOVE(&n->list, x, link); /* the others come first next */
				TAILQ_INSERT_TAIL(&n->list, x, link);
				asked++;
				ask(n, x, now);
			} else if (n->asking < NAMES_ASKING_MOST) {
				n->due = now;
			} /* else an answer makes room */
		}
	}
	changed = n->changed;
	n->changed = false;
	return changed;
}

/* Other addresses than before, in whatever order? */
static bool differs(const struct host_known *k, const struct names_answer *a)
{
	if (k->n != a->n)
		return true;
	for (size_t i = 0; i < a->n; i++)
		if (!hosts_among(k, &a->addrs[i]))
			return true;
	return false;
}

/* Of a family that is missing, what is known of it. */
static void complete(struct names_answer *a, const struct host_known *k)
{
	struct names_answer whole = *a;

	whole.n = 0;
	for (uint8_t family = 4; family <= 6; family = (uint8_t)(family + 2)) {
		bool missing = family == 4 ? a->missing4 : a->missing6;
		const struct abi_addr *from = missing ? k->answers : a->addrs;
		size_t n = missing ? k->n : a->n;

		for (size_t i = 0; i < n && whole.n < HOSTS_MAX_ANSWERS; i++)
			if (from[i].family == family)
				whole.addrs[whole.n++] = from[i];
	}
	*a = whole;
}

static void found(struct names *n, struct name *x, const struct names_answer *a, uint64_t now)
{
	uint64_t ttl = a->ttl < NAMES_TTL_LEAST	 ? NAMES_TTL_LEAST
		       : a->ttl > NAMES_TTL_MOST ? NAMES_TTL_MOST
						 : a->ttl;
	bool news = differs(&x->known, a);
	struct log_ctx lc = about(x);

	if (x->said != NAMES_UNASKED && x->said != NAMES_FOUND)
		log_notice(&lc, "%s resolves again", x->host);
	x->status = x->said = NAMES_FOUND;
	x->since = x->last = 0;
	x->failures = 0;
	x->known.n = a->n;
	memcpy(x->known.answers, a->addrs, a->n * sizeof(a->addrs[0]));
	ask_at(n, x, now + ttl * SEC + random_below(n, ttl * SEC / 10));
	/* what is in use stays in use while it is among them */
	n->changed |= x->known.current.family == 0 || x->verdict != HOST_CHOSEN
			      ? news
			      : !hosts_among(&x->known, &x->known.current);
}

void names_answer(struct names *n, const char *peer, uint64_t serial, const struct names_answer *a,
		  uint64_t now)
{
	struct name *x = find(n, peer);
	struct names_answer all = *a;

	if (x == NULL || !x->asking || x->serial != serial)
		return;
	x->asking = false;
	if (n->asking-- == NAMES_ASKING_MOST)
		n->due = now;
	if (a->status == NAMES_FOUND && a->n > 0 && a->n <= HOSTS_MAX_ANSWERS) {
		if (a->missing4 || a->missing6) {
			uint64_t wait = back_off(NAMES_TTL_LEAST, x->halves++);

			complete(&all, &x->known);
			if (wait < all.ttl) /* the other half is still wanted */
				all.ttl = (uint32_t)wait;
		} else {
			x->halves = 0;
		}
		found(n, x, &all, now);
	} else
		failed(n, x, a->status == NAMES_FOUND ? NAMES_NO_ADDRESS : a->status, now);
}

void names_failed(struct names *n, const char *peer, uint64_t now)
{
	struct name *x = find(n, peer);
	uint64_t when;

	if (x == NULL || x->asking)
		return;
	when = x->asked + NAMES_AGAIN * SEC;
	if (when < now)
		when = now;
	/* not sooner than what has just failed would be asked again */
	if (x->failures == 0 && when < x->next)
		ask_at(n, x, when);
}

/* --- choosing --- */

static void known(void *ctx, const char *peer, const char *host, struct host_known *out)
{
	const struct name *x = find(ctx, peer);

	if (x != NULL && hostname_equal(x->host, host))
		*out = x->known;
}

static void log_choice(const struct name *x, const struct host_choice *c,
		       const struct abi_addr *before)
{
	struct log_ctx lc = about(x);
	char now[ADDR_MAX_TEXT], old[ADDR_MAX_TEXT], refused[ADDR_MAX_TEXT];

	addr_text(&c->addr, now);
	addr_text(before, old);
	addr_text(&c->refused, refused);
	if (c->addr.family == 0 && before->family != 0)
		log_warn(&lc, "%s was %s and is nothing any more", x->host, old);
	else if (!addr_equal(&c->addr, before) && before->family == 0)
		log_notice(&lc, "%s is %s", x->host, now);
	else if (!addr_equal(&c->addr, before))
		log_notice(&lc,
			   "%s is %s now, it was %s: a tunnel that is up stays until it fails or "
			   "its IKE SA is replaced",
			   x->host, now, old);
	if (c->verdict == HOST_CHOSEN || c->verdict == HOST_UNKNOWN ||
	    (c->verdict == x->verdict && addr_equal(&c->refused, &x->refused)))
		return;
	log_warn(&lc, "%s resolves to %s, which is refused: it %s%s%s%s%s", x->host, refused,
		 hosts_verdict_text(c->verdict), c->rival != NULL ? ", " : "",
		 c->rival != NULL ? c->rival : "",
		 c->addr.family != 0 ? "; the peer keeps its address, " : "",
		 c->addr.family != 0 ? now : "");
}

static void chosen(void *ctx, const char *peer, const struct host_choice *c)
{
	struct name *x = find(ctx, peer);

	if (x == NULL)
		return;
	x->chose = true;
	x->choice = *c;
	x->choice.rival = NULL; /* the model's */
	x->choice_rival[0] = '\0';
	if (c->verdict == HOST_TAKEN && c->rival != NULL)
		strncpy(x->choice_rival, c->rival, sizeof(x->choice_rival) - 1);
}

static void settle(struct name *x)
{
	struct abi_addr before = x->known.current;

	if (x->choice_rival[0] != '\0')
		x->choice.rival = x->choice_rival;
	log_choice(x, &x->choice, &before);
	x->known.current = x->choice.addr;
	x->verdict = x->choice.verdict;
	x->refused = x->choice.refused;
	memcpy(x->rival, x->choice_rival, sizeof(x->rival));
}

bool names_settle(struct names *n, bool in_force)
{
	bool lost = false;
	struct name *x;

	TAILQ_FOREACH (x, &n->list, link) {
		if (x->chose && in_force)
			settle(x);
		lost |= x->chose ? !addr_equal(&x->choice.addr, &x->known.current)
				 : in_force && x->known.n > 0;
		x->chose = false;
	}
	return lost;
}

const struct hosts *names_hosts(struct names *n)
{
	return &n->hosts;
}

bool names_look(const struct names *n, const char *peer, struct names_state *out)
{
	const struct name *x = find(n, peer);

	if (x == NULL)
		return false;
	*out = (struct names_state){
		.host = x->host,
		.addr = x->known.current,
		.status = x->status,
		.verdict = x->verdict,
		.refused = x->refused,
		.rival = x->rival[0] != '\0' ? x->rival : NULL,
		.since = x->since,
		.last = x->last,
		.failures = x->failures,
	};
	return true;
}

/* --- life --- */

struct names *names_new(uint64_t seed)
{
	struct names *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	if (table_init(&n->by_peer, seed) != 0) {
		free(n);
		errno = ENOMEM;
		return NULL;
	}
	TAILQ_INIT(&n->list);
	n->random = seed | 1;
	n->due = UINT64_MAX;
	n->hosts = (struct hosts){.known = known, .chosen = chosen, .ctx = n};
	return n;
}

void names_free(struct names *n)
{
	struct name *x;

	if (n == NULL)
		return;
	while ((x = TAILQ_FIRST(&n->list)) != NULL)
		drop(n, x);
	table_fini(&n->by_peer);
	free(n);
}

void names_use(struct names *n, const struct names_ops *ops, void *ctx)
{
	n->ops = ops;
	n->ctx = ctx;
}
