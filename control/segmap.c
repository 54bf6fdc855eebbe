/* SPDX-License-Identifier: BSD-3-Clause */
/* segmap.c - open, check and read the shared segment. */
#include "control/segmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dataplane/api/sample.h"

#define HEARTBEAT_LIMIT_NS 1000000000ull
#define PAGE		   4096u

static uint64_t load64(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static const struct abi_hdr *live(const struct segmap *m)
{
	return (const struct abi_hdr *)(const void *)m->base;
}

uint32_t segmap_state(const struct segmap *m)
{
	return __atomic_load_n(&live(m)->state, __ATOMIC_ACQUIRE);
}

uint64_t segmap_heartbeat(const struct segmap *m)
{
	return load64(&live(m)->dataplane_heartbeat);
}

uint64_t segmap_events_missed(const struct segmap *m)
{
	return load64(&live(m)->events_missed);
}

uint32_t segmap_workers(const struct segmap *m)
{
	return __atomic_load_n(&live(m)->workers, __ATOMIC_RELAXED);
}

void segmap_beat(struct segmap *m, uint64_t now, uint64_t epoch)
{
	struct abi_hdr *h = (struct abi_hdr *)(void *)m->base;

	__atomic_store_n(&h->control_epoch, epoch, __ATOMIC_RELAXED);
	__atomic_store_n(&h->control_heartbeat, now, __ATOMIC_RELEASE);
}

/* A segment that others may write is no contract with our dataplane. */
static int check_file(const struct stat *st, char *why, size_t why_len)
{
	if (st->st_uid != geteuid() && st->st_uid != 0) {
		snprintf(why, why_len, "owned by uid %u", (unsigned int)st->st_uid);
		return -EPERM;
	}
	if ((st->st_mode & 07) != 0) {
		snprintf(why, why_len, "mode %04o lets others in; 0600 or 0660 is needed",
			 (unsigned int)st->st_mode & 07777);
		return -EPERM;
	}
	if (st->st_size < (off_t)sizeof(struct abi_hdr)) {
		snprintf(why, why_len, "shorter than its header");
		return st->st_size == 0 ? -EAGAIN : -EPROTO;
	}
	return 0;
}

static int check_header(struct segmap *m, uint64_t now, char *why, size_t why_len)
{
	const struct abi_hdr *h = &m->hdr;
	const char *wrong;

	if (h->magic == ABI_MAGIC && h->major != ABI_MAJOR) {
		snprintf(why, why_len,
			 "the dataplane speaks version %u.%u of the contract, this control %u.%u; "
			 "install the same release of both",
			 h->major, h->minor, ABI_MAJOR, ABI_MINOR);
		return -EPROTONOSUPPORT;
	}
	if (h->magic == 0) {
		snprintf(why, why_len, "being made");
		return -EAGAIN;
	}
	wrong = abi_hdr_check(h, m->size);
	if (wrong != NULL) {
		snprintf(why, why_len, "%s", wrong);
		return -EPROTO;
	}
	if (segmap_state(m) != ABI_STATE_READY) {
		snprintf(why, why_len, "the dataplane is not ready");
		return -EAGAIN;
	}
	if (now > segmap_heartbeat(m) + HEARTBEAT_LIMIT_NS) {
		snprintf(why, why_len, "left by a dataplane that no longer runs");
		return -EAGAIN;
	}
	return 0;
}

static int attach_rings(struct segmap *m, char *why, size_t why_len)
{
	const struct abi_hdr *h = &m->hdr;
	int rc = 0;

	rc |= abi_ring_attach(&m->command, m->base + h->area[ABI_AREA_COMMAND].offset,
			      h->command_slots, ABI_COMMAND_SLOT, true, false);
	rc |= abi_ring_attach(&m->event, m->base + h->area[ABI_AREA_EVENT].offset, h->event_slots,
			      ABI_EVENT_SLOT, false, false);
	rc |= abi_ring_attach(&m->punt, m->base + h->area[ABI_AREA_PUNT].offset, h->punt_slots,
			      ABI_PACKET_SLOT, false, false);
	rc |= abi_ring_attach(&m->inject, m->base + h->area[ABI_AREA_INJECT].offset,
			      h->inject_slots, ABI_PACKET_SLOT, true, false);
	if (rc != 0) {
		snprintf(why, why_len, "positions of a ring contradict each other");
		return -EPROTO;
	}
	return 0;
}

/* Header and rings are written by both sides; the tables behind them only by the dataplane. */
static void protect_tables(struct segmap *m)
{
	size_t from = (m->hdr.area[ABI_AREA_PORTS].offset + PAGE - 1) & ~(size_t)(PAGE - 1);

	if (from < m->size)
		(void)mprotect(m->base + from, m->size - from, PROT_READ);
}

int segmap_open(struct segmap *m, const char *name, uint64_t now, char *why, size_t why_len)
{
	struct stat st;
	int fd, rc;

	*m = (struct segmap){0};
	fd = shm_open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0);
	if (fd < 0) {
		rc = -errno;
		snprintf(why, why_len, "%s", strerror(-rc));
		return rc;
	}
	rc = fstat(fd, &st) == 0 ? check_file(&st, why, why_len) : -errno;
	if (rc == 0) {
		void *p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		if (p == MAP_FAILED) {
			rc = -errno;
			snprintf(why, why_len, "mmap: %s", strerror(-rc));
		} else {
			m->base = p;
			m->size = (size_t)st.st_size;
			m->dev = st.st_dev;
			m->ino = st.st_ino;
		}
	}
	close(fd);
	if (rc != 0)
		return rc;
	memcpy(&m->hdr, m->base, sizeof(m->hdr));
	rc = check_header(m, now, why, why_len);
	if (rc == 0)
		rc = attach_rings(m, why, why_len);
	if (rc != 0)
		segmap_close(m);
	else
		protect_tables(m);
	return rc;
}

void segmap_close(struct segmap *m)
{
	if (m->base != NULL)
		munmap(m->base, m->size);
	*m = (struct segmap){0};
}

bool segmap_replaced(const struct segmap *m, const char *name)
{
	struct stat st;
	int fd = shm_open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
	bool other = true;

	if (fd < 0)
		return true;
	if (fstat(fd, &st) == 0)
		other = st.st_dev != m->dev || st.st_ino != m->ino;
	close(fd);
	return other;
}

static const void *row(const struct segmap *m, enum abi_area_id id, size_t index, size_t size)
{
	return m->base + m->hdr.area[id].offset + index * size;
}

bool segmap_port(const struct segmap *m, uint32_t port, struct abi_port *out)
{
	if (m->base == NULL || port >= m->hdr.max_ports)
		return false;
	memcpy(out, row(m, ABI_AREA_PORTS, port, sizeof(*out)), sizeof(*out));
	out->name[sizeof(out->name) - 1] = '\0';
	return true;
}

uint32_t segmap_sa_state(const struct segmap *m, uint32_t slot)
{
	const struct abi_sa_status *s;

	if (m->base == NULL || slot >= m->hdr.max_sas)
		return ABI_SA_DEAD;
	s = row(m, ABI_AREA_SA_STATUS, slot, sizeof(*s));
	return __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);
}

bool segmap_sa(const struct segmap *m, uint32_t slot, struct abi_sa_status *out)
{
	if (m->base == NULL || slot >= m->hdr.max_sas)
		return false;
	memcpy(out, row(m, ABI_AREA_SA_STATUS, slot, sizeof(*out)), sizeof(*out));
	out->state = segmap_sa_state(m, slot);
	return true;
}

bool segmap_policy(const struct segmap *m, uint32_t index, struct abi_policy_status *out)
{
	if (m->base == NULL || index >= m->hdr.max_policies)
		return false;
	memcpy(out, row(m, ABI_AREA_POLICY_STATUS, index, sizeof(*out)), sizeof(*out));
	return true;
}

/* Add the n counters at from to those at sum. */
static void add_words(uint64_t *sum, const uint64_t *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum[i] += load64(&from[i]);
}

static void sum_lines(const struct segmap *m, enum abi_area_id id, uint32_t index, uint32_t rows,
		      size_t line, void *out)
{
	memset(out, 0, line);
	if (m->base == NULL || index >= rows)
		return;
	for (uint32_t w = 0; w < m->hdr.max_workers; w++)
		add_words(out, row(m, id, abi_line(rows, index, w), line), line / sizeof(uint64_t));
}

void segmap_sa_counters(const struct segmap *m, uint32_t slot, struct abi_sa_counters *out)
{
	sum_lines(m, ABI_AREA_SA_COUNTERS, slot, m->hdr.max_sas, sizeof(*out), out);
	out->last_used = 0;
	if (m->base == NULL || slot >= m->hdr.max_sas)
		return;
	for (uint32_t w = 0; w < m->hdr.max_workers; w++) {
		const struct abi_sa_counters *c =
			row(m, ABI_AREA_SA_COUNTERS, abi_line(m->hdr.max_sas, slot, w), sizeof(*c));
		uint64_t used = load64(&c->last_used);

		if (used > out->last_used)
			out->last_used = used;
	}
}

uint64_t segmap_sa_workers(const struct segmap *m, uint32_t slot)
{
	uint64_t seen = 0;

	if (m->base == NULL || slot >= m->hdr.max_sas)
		return 0;
	for (uint32_t w = 0; w < m->hdr.max_workers; w++) {
		const struct abi_sa_counters *c =
			row(m, ABI_AREA_SA_COUNTERS, abi_line(m->hdr.max_sas, slot, w), sizeof(*c));

		if (load64(&c->packets) != 0)
			seen |= 1ull << w;
	}
	return seen;
}

void segmap_sa_drops(const struct segmap *m, uint32_t slot, struct abi_sa_drops *out)
{
	sum_lines(m, ABI_AREA_SA_DROPS, slot, m->hdr.max_sas, sizeof(*out), out);
}

void segmap_policy_counters(const struct segmap *m, uint32_t index, struct abi_policy_counters *out)
{
	sum_lines(m, ABI_AREA_POLICY_COUNTERS, index, m->hdr.max_policies, sizeof(*out), out);
}

void segmap_worker_counters(const struct segmap *m, struct abi_worker_counters *out)
{
	memset(out, 0, sizeof(*out));
	if (m->base == NULL)
		return;
	for (uint32_t w = 0; w < m->hdr.max_workers; w++)
		add_words((uint64_t *)out, row(m, ABI_AREA_WORKER_COUNTERS, w, sizeof(*out)),
			  sizeof(*out) / sizeof(uint64_t));
	out->heartbeat = 0; /* a sum of times says nothing */
}

void segmap_port_counters(const struct segmap *m, uint32_t port, struct abi_port_counters *out)
{
	sum_lines(m, ABI_AREA_PORT_COUNTERS, port, m->hdr.max_ports, sizeof(*out), out);
}

bool segmap_sample(const struct segmap *m, uint32_t worker, unsigned int reason, unsigned int i,
		   struct abi_drop_sample *out)
{
	const struct abi_drop_sample *all;

	if (m->base == NULL || worker >= m->hdr.max_workers || reason >= ABI_DROP_SLOTS ||
	    i >= ABI_SAMPLES)
		return false;
	all = row(m, ABI_AREA_DROP_SAMPLES, 0, 0);
	return abi_sample_read(&all[((size_t)worker * ABI_DROP_SLOTS + reason) * ABI_SAMPLES + i],
			       out);
}
