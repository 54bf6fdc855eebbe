/* SPDX-License-Identifier: BSD-3-Clause */
/* dataplane.c - attachment, commands in flight, and what arrives in the rings. */
#include "control/dataplane.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "control/event_check.h"
#include "control/log.h"
#include "control/secret.h"

#define NS_PER_MS	 1000000ull
#define NS_PER_S	 1000000000ull
#define RETRY_NS	 (100 * NS_PER_MS)
#define BEAT_NS		 (50 * NS_PER_MS)
#define WATCH_NS	 (100 * NS_PER_MS)
#define SILENT_NS	 (1000 * NS_PER_MS)
#define EVENTS_PER_TURN	 256u
#define PACKETS_PER_TURN 1024u /* cheap: they are only sorted here */

struct command {
	TAILQ_ENTRY(command) link;
	uint32_t request_id;
	uint16_t type;
	uint64_t sent_at, timeout;
	dataplane_reply_fn *fn;
	void *arg;
	size_t len;
	void *msg; /* released as soon as it is in the ring */
	bool locked;
};
TAILQ_HEAD(command_list, command);

struct dataplane {
	const struct dataplane_ops *ops;
	void *ctx;
	char name[64];
	struct segmap map;
	enum dataplane_link link;
	uint64_t epoch;	       /* ours, in the header */
	uint64_t seen_epoch;   /* the dataplane's, of the last attachment */
	uint64_t faulty_epoch; /* do not attach to this one again */
	uint64_t now;	       /* of the latest poll */
	uint64_t next_attach, next_beat, next_watch;
	uint64_t events_missed; /* as last seen */
	uint32_t next_id;
	uint32_t in_flight, in_flight_max;
	uint64_t commit_timeout; /* of the next; grows with each that passes */
	size_t n_waiting;
	struct command_list waiting, sent;
	struct dataplane_stats stats;
	char last_why[160]; /* what kept us from attaching: said once */
};

struct dataplane *dataplane_new(const char *name, const struct dataplane_ops *ops, void *ctx)
{
	struct dataplane *d;
	uint64_t r[2];

	if (strlen(name) >= sizeof(d->name)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		return NULL;
	d = calloc(1, sizeof(*d));
	if (d == NULL)
		return NULL;
	strcpy(d->name, name);
	d->ops = ops;
	d->ctx = ctx;
	d->epoch = r[0] | 1;
	d->commit_timeout = DATAPLANE_COMMIT_TIMEOUT;
	d->next_id = (uint32_t)r[1]; /* answers to a control before us must not match */
	TAILQ_INIT(&d->waiting);
	TAILQ_INIT(&d->sent);
	return d;
}

/* False already while an attachment ends, so that nothing is queued from its last callbacks. */
static bool attached(const struct dataplane *d)
{
	return d->link == DATAPLANE_UP || d->link == DATAPLANE_SILENT;
}

static void release_message(struct command *c)
{
	if (c->msg == NULL)
		return;
	if (c->locked)
		secret_release(c->msg, c->len);
	else
		free(c->msg);
	c->msg = NULL;
}

static void finish(struct command *c, int rc, const struct abi_ev_reply *reply)
{
	release_message(c);
	if (c->fn != NULL)
		c->fn(c->arg, rc, reply);
	free(c);
}

static void drop_commands(struct dataplane *d, bool tell)
{
	struct command_list all = TAILQ_HEAD_INITIALIZER(all);
	struct command *c;

	TAILQ_CONCAT(&all, &d->sent, link);
	TAILQ_CONCAT(&all, &d->waiting, link);
	d->in_flight = 0;
	d->n_waiting = 0;
	while ((c = TAILQ_FIRST(&all)) != NULL) {
		TAILQ_REMOVE(&all, c, link);
		if (!tell)
			c->fn = NULL;
		finish(c, -ENOTCONN, NULL);
	}
}

void dataplane_free(struct dataplane *d)
{
	if (d == NULL)
		return;
	drop_commands(d, false);
	segmap_close(&d->map);
	free(d);
}

static void detach(struct dataplane *d, enum dataplane_link to)
{
	d->link = to;
	d->ops->detaching(d->ctx);
	drop_commands(d, true);
	segmap_close(&d->map);
	d->next_attach = 0;
}

/* The other side broke a rule of the contract. Nothing of it can be trusted any more, so we leave
 * it alone until another one starts; its traffic goes on. */
static void fault(struct dataplane *d, const char *what)
{
	log_error(&log_system,
		  "dataplane: %s is corrupt; detached, waiting for a restart of the dataplane",
		  what);
	d->faulty_epoch = d->map.hdr.epoch;
	detach(d, DATAPLANE_FAULTY);
}

static void say_once(struct dataplane *d, int rc, const char *why)
{
	if (strcmp(d->last_why, why) == 0)
		return;
	snprintf(d->last_why, sizeof(d->last_why), "%s", why);
	if (rc == -ENOENT || rc == -EAGAIN)
		log_notice(&log_system, "dataplane: waiting for segment %s: %s", d->name, why);
	else
		log_error(&log_system, "dataplane: cannot use segment %s: %s", d->name, why);
}

static void attach(struct dataplane *d, uint64_t now)
{
	char why[sizeof(d->last_why)] = "";
	bool fresh;
	int rc;

	if (now < d->next_attach)
		return;
	d->next_attach = now + RETRY_NS;
	rc = segmap_open(&d->map, d->name, now, why, sizeof(why));
	if (rc == 0 && d->map.hdr.epoch == d->faulty_epoch && d->faulty_epoch != 0) {
		segmap_close(&d->map);
		return;
	}
	if (rc != 0) {
		say_once(d, rc, why);
		return;
	}
	d->last_why[0] = '\0';
	fresh = d->map.hdr.epoch != d->seen_epoch;
	d->seen_epoch = d->map.hdr.epoch;
	d->link = DATAPLANE_UP;
	if (fresh)
		d->commit_timeout = DATAPLANE_COMMIT_TIMEOUT;
	d->in_flight_max = d->map.hdr.event_slots / 2;
	if (d->in_flight_max > 512)
		d->in_flight_max = 512;
	if (d->in_flight_max == 0)
		d->in_flight_max = 1;
	d->events_missed = segmap_events_missed(&d->map);
	d->stats.attachments++;
	segmap_beat(&d->map, now, d->epoch);
	log_info(&log_system, "dataplane: attached to %s, epoch %016llx, %u workers, %u SAs",
		 d->name, (unsigned long long)d->map.hdr.epoch, segmap_workers(&d->map),
		 d->map.hdr.max_sas);
	d->ops->attached(d->ctx, fresh);
}

/* Left by its dataplane, replaced by another, or silent? */
static void watch(struct dataplane *d, uint64_t now)
{
	bool silent;

	if (segmap_state(&d->map) != ABI_STATE_READY) {
		log_warn(&log_system, "dataplane: it has left the segment");
		detach(d, DATAPLANE_DOWN);
		return;
	}
	silent = now > segmap_heartbeat(&d->map) + SILENT_NS;
	if (silent && d->link == DATAPLANE_UP) {
		d->link = DATAPLANE_SILENT;
		log_error(&log_system, "dataplane: no heartbeat for a second");
	} else if (!silent && d->link == DATAPLANE_SILENT) {
		d->link = DATAPLANE_UP;
		log_notice(&log_system, "dataplane: heartbeat is back");
	}
	if (d->link == DATAPLANE_SILENT && segmap_replaced(&d->map, d->name)) {
		log_warn(&log_system, "dataplane: its segment was replaced or removed");
		detach(d, DATAPLANE_DOWN);
	}
}

static int status_to_errno(uint16_t status)
{
	switch (status) {
	case ABI_OK:
		return 0;
	case ABI_ERR_TYPE:
	case ABI_ERR_LENGTH:
	case ABI_ERR_FIELD:
		return -EINVAL;
	case ABI_ERR_EXISTS:
		return -EEXIST;
	case ABI_ERR_NOT_FOUND:
		return -ENOENT;
	case ABI_ERR_SEQUENCE:
		return -EILSEQ;
	case ABI_ERR_NO_SPACE:
		return -ENOSPC;
	case ABI_ERR_UNSUPPORTED:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}

static bool is_commit(const struct command *c)
{
	return c->type == ABI_CMD_POLICY_COMMIT || c->type == ABI_CMD_NET_COMMIT;
}

int dataplane_command(struct dataplane *d, const void *msg, size_t len, dataplane_reply_fn *fn,
		      void *arg)
{
	struct abi_msg head;
	struct command *c;

	if (len < sizeof(head) || len > ABI_COMMAND_SLOT)
		return -EMSGSIZE;
	if (!attached(d))
		return -ENOTCONN;
	if (d->n_waiting >= DATAPLANE_QUEUE_MAX)
		return -ENOBUFS;
	memcpy(&head, msg, sizeof(head));
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return -ENOMEM;
	c->locked = head.type == ABI_CMD_SA_ADD;
	c->msg = c->locked ? secret_alloc(len) : malloc(len);
	if (c->msg == NULL) {
		free(c);
		return -ENOMEM;
	}
	head.length = (uint16_t)len;
	head.request_id = c->request_id = d->next_id++;
	memcpy(c->msg, msg, len);
	memcpy(c->msg, &head, sizeof(head));
	c->type = head.type;
	c->timeout = is_commit(c) ? d->commit_timeout : DATAPLANE_COMMAND_TIMEOUT;
	c->len = len;
	c->fn = fn;
	c->arg = arg;
	TAILQ_INSERT_TAIL(&d->waiting, c, link);
	d->n_waiting++;
	return 0;
}

void dataplane_retract(struct dataplane *d, size_t n)
{
	struct command *c;

	for (; n > 0 && (c = TAILQ_LAST(&d->waiting, command_list)) != NULL; n--) {
		TAILQ_REMOVE(&d->waiting, c, link);
		d->n_waiting--;
		c->fn = NULL;
		finish(c, -ECANCELED, NULL);
	}
}

size_t dataplane_pending(const struct dataplane *d)
{
	return d->n_waiting + d->in_flight;
}

/* Move waiting commands into the ring. Returns how many, or -EPROTO. */
static int send_commands(struct dataplane *d, uint64_t now)
{
	struct command *c;
	int n = 0;

	while ((c = TAILQ_FIRST(&d->waiting)) != NULL && d->in_flight < d->in_flight_max) {
		int rc = abi_ring_put(&d->map.command, c->msg, c->len);

		if (rc == -ENOSPC)
			break;
		if (rc != 0)
			return rc;
		release_message(c);
		c->sent_at = now;
		TAILQ_REMOVE(&d->waiting, c, link);
		TAILQ_INSERT_TAIL(&d->sent, c, link);
		d->n_waiting--;
		d->in_flight++;
		n++;
	}
	return n;
}

/* Tables that take longer than that to build would never be in force: what is sent again has to
 * have more time, or there is no end of it. Commits that were queued together had the same time,
 * and double it once. */
static void expire_commit(struct dataplane *d, uint64_t had)
{
	if (d->commit_timeout > had || d->commit_timeout >= DATAPLANE_COMMIT_TIMEOUT_MAX)
		return;
	if (d->commit_timeout == DATAPLANE_COMMIT_TIMEOUT)
		log_error(&log_system,
			  "dataplane: too slow: its tables are not built within %u s; it gets "
			  "twice the time whenever that is not enough, up to %u s",
			  (unsigned int)(DATAPLANE_COMMIT_TIMEOUT / NS_PER_S),
			  (unsigned int)(DATAPLANE_COMMIT_TIMEOUT_MAX / NS_PER_S));
	d->commit_timeout *= 2;
}

/* The first one holds up the others. */
static void expire_commands(struct dataplane *d, uint64_t now)
{
	struct command *c;

	if (abi_ring_avail(&d->map.event) != 0) /* answers that a turn had no time for */
		return;
	while ((c = TAILQ_FIRST(&d->sent)) != NULL && now >= c->sent_at + c->timeout) {
		TAILQ_REMOVE(&d->sent, c, link);
		d->in_flight--;
		d->stats.timeouts++;
		log_warn(&log_system, "dataplane: command %u was not answered within %u s", c->type,
			 (unsigned int)(c->timeout / NS_PER_S));
		if (is_commit(c))
			expire_commit(d, c->timeout);
		finish(c, -ETIMEDOUT, NULL);
	}
}

static void take_reply(struct dataplane *d, const struct abi_ev_reply *r)
{
	struct command *c, *next;

	TAILQ_FOREACH (c, &d->sent, link)
		if (c->request_id == r->msg.request_id)
			break;
	if (c == NULL) {
		d->stats.late_replies++;
		return;
	}
	if (c->type != r->command) {
		d->stats.bad_events++;
		return;
	}
	next = TAILQ_NEXT(c, link);
	if (next != NULL) /* it is its turn now */
		next->sent_at = d->now;
	TAILQ_REMOVE(&d->sent, c, link);
	d->in_flight--;
	finish(c, status_to_errno(r->status), r);
}

static void take_event(struct dataplane *d, const union event_record *ev)
{
	switch (ev->msg.type) {
	case ABI_EV_REPLY:
		take_reply(d, &ev->reply);
		break;
	case ABI_EV_ACQUIRE:
		d->ops->acquire(d->ctx, &ev->acquire);
		break;
	case ABI_EV_PORT:
		d->ops->port(d->ctx, &ev->port);
		break;
	default:
		d->ops->sa_event(d->ctx, &ev->sa);
		break;
	}
}

static unsigned int take_events(struct dataplane *d)
{
	union event_record ev;
	unsigned int n;
	int rc = 0;

	for (n = 0; n < EVENTS_PER_TURN && d->map.base != NULL; n++) {
		const char *wrong;

		rc = abi_ring_get(&d->map.event, &ev);
		if (rc <= 0)
			break;
		wrong = event_check(&ev, &d->map.hdr);
		if (wrong == NULL) {
			take_event(d, &ev);
			continue;
		}
		if (d->stats.bad_events++ == 0)
			log_error(&log_system,
				  "dataplane: event of type %u refused: %s (further ones are "
				  "counted)",
				  ev.msg.type, wrong);
	}
	if (rc < 0)
		fault(d, "the event ring");
	return n;
}

static unsigned int take_packets(struct dataplane *d)
{
	static struct abi_packet p; /* 2 KiB: not on the stack of every turn; single-threaded */
	unsigned int n;
	int rc = 0;

	for (n = 0; n < PACKETS_PER_TURN && d->map.base != NULL; n++) {
		const char *wrong;

		rc = abi_ring_get(&d->map.punt, &p);
		if (rc <= 0)
			break;
		wrong = event_check_packet(&p, &d->map.hdr);
		if (wrong == NULL) {
			d->ops->packet(d->ctx, &p);
			continue;
		}
		if (d->stats.bad_packets++ == 0)
			log_error(&log_system,
				  "dataplane: punted record refused: %s (further ones are counted)",
				  wrong);
	}
	if (rc < 0)
		fault(d, "the punt ring");
	return n;
}

static void check_missed(struct dataplane *d)
{
	uint64_t missed = segmap_events_missed(&d->map);

	if (missed == d->events_missed)
		return;
	log_warn(&log_system, "dataplane: %llu events were lost, comparing tables",
		 (unsigned long long)(missed - d->events_missed));
	d->events_missed = missed;
	d->stats.resyncs++;
	d->ops->resync(d->ctx);
}

unsigned int dataplane_poll(struct dataplane *d, uint64_t now)
{
	unsigned int moved = 0;
	int rc;

	d->now = now;
	if (d->map.base == NULL) {
		attach(d, now);
		if (d->map.base == NULL)
			return 0;
	}
	if (now >= d->next_beat) {
		d->next_beat = now + BEAT_NS;
		segmap_beat(&d->map, now, d->epoch);
	}
	if (d->map.base != NULL)
		moved += take_events(d);
	if (d->map.base != NULL)
		moved += take_packets(d);
	if (d->map.base != NULL && now >= d->next_watch) {
		d->next_watch = now + WATCH_NS;
		check_missed(d);
		watch(d, now);
	}
	if (d->map.base == NULL)
		return moved;
	expire_commands(d, now);
	rc = send_commands(d, now);
	if (rc < 0)
		fault(d, "the command ring");
	return moved + (rc > 0 ? (unsigned int)rc : 0);
}

int dataplane_inject(struct dataplane *d, const struct abi_packet *p)
{
	int rc;

	if (!attached(d))
		return -ENOTCONN;
	if (p->data_len > sizeof(p->data) || p->msg.length != ABI_PACKET_FIXED + p->data_len)
		return -EMSGSIZE;
	/* What was commanded before takes effect before the peer hears of it. A fault shows at the
	 * next poll, too. */
	(void)send_commands(d, d->now);
	rc = abi_ring_put(&d->map.inject, p, p->msg.length);
	if (rc == 0)
		return 0;
	d->stats.inject_full++;
	return -ENOBUFS;
}

enum dataplane_link dataplane_link(const struct dataplane *d)
{
	return d->link;
}

const struct dataplane_stats *dataplane_stats(const struct dataplane *d)
{
	return &d->stats;
}

const struct segmap *dataplane_map(const struct dataplane *d)
{
	return &d->map;
}

uint32_t dataplane_max_sas(const struct dataplane *d)
{
	return d->map.base != NULL ? d->map.hdr.max_sas : 0;
}
