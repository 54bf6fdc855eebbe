/* SPDX-License-Identifier: BSD-3-Clause */
/* segment.c - makes, publishes and removes the shared segment; see segment.h. */
#include "dataplane/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define AREA_ALIGN 4096u
#define CHUNK	   64u /* SA lines read from an old segment at a time */

bool segment_instance_ok(const char *instance)
{
	size_t len = strlen(instance);

	return len > 0 && len < SEGMENT_INSTANCE_LEN &&
	       strspn(instance, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"0123456789_-") == len;
}

void *segment_area(const struct segment *s, enum abi_area_id id)
{
	return s->base + s->own.area[id].offset;
}

struct abi_drop_sample *segment_samples(const struct segment *s, uint32_t worker)
{
	struct abi_drop_sample *all = segment_area(s, ABI_AREA_DROP_SAMPLES);

	return all + (uint64_t)worker * ABI_DROP_SLOTS * ABI_SAMPLES;
}

static struct abi_hdr *header(const struct segment *s)
{
	return (struct abi_hdr *)s->base;
}

/* --- the lock --- */

/* The holder of the lock removes its file at the end, so a lock on a file that has lost its name
 * meanwhile is worth nothing: try again. */
static int lock_instance(struct segment *s)
{
	for (int i = 0; i < 8; i++) {
		struct stat held, named;

		errno = 0;
		s->lock_fd = open(s->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (s->lock_fd < 0)
			return -errno;
		if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0 && fstat(s->lock_fd, &held) == 0 &&
		    stat(s->lock_path, &named) == 0 && held.st_ino == named.st_ino)
			return 0;
		if (errno == EWOULDBLOCK)
			i = 8;
		close(s->lock_fd);
		s->lock_fd = -1;
	}
	return -EBUSY;
}

/* --- the old segment --- */

static const char *check_old(struct segment *s, struct abi_hdr *old)
{
	struct stat st;

	if (fstat(s->old_fd, &st) < 0 || !S_ISREG(st.st_mode))
		return "not a regular file";
	if (st.st_uid != geteuid())
		return "belongs to another user";
	if (pread(s->old_fd, old, sizeof(*old), 0) != (ssize_t)sizeof(*old))
		return "shorter than its header";
	if (old->magic == ABI_MAGIC && old->major != ABI_MAJOR)
		return "made by another version";
	return abi_hdr_check(old, (uint64_t)st.st_size);
}

/* What a later owner may know of an SA that died with its dataplane: all but that it is usable. */
static void adopt_line(struct segment *s, struct abi_sa_status *to,
		       const struct abi_sa_status *from)
{
	if (from->state == ABI_SA_FREE || from->state > ABI_SA_DEAD || from->spi == 0)
		return;
	*to = *from;
	to->state = ABI_SA_DEAD;
	to->current = 0;
	s->taken_over++;
}

static void adopt_lines(struct segment *s, const struct abi_hdr *old)
{
	struct abi_sa_status *to = segment_area(s, ABI_AREA_SA_STATUS);
	struct abi_sa_status lines[CHUNK];
	uint32_t n = old->max_sas < s->own.max_sas ? old->max_sas : s->own.max_sas;

	for (uint32_t i = 0; i < n; i += CHUNK) {
		uint32_t some = n - i < CHUNK ? n - i : CHUNK;
		size_t len = some * sizeof(lines[0]);
		uint64_t at = old->area[ABI_AREA_SA_STATUS].offset + (uint64_t)i * sizeof(lines[0]);

		if (pread(s->old_fd, lines, len, (off_t)at) != (ssize_t)len)
			return; /* it shrinks while we read: take what we have */
		for (uint32_t k = 0; k < some; k++)
			adopt_line(s, &to[i + k], &lines[k]);
	}
}

static void take_over(struct segment *s)
{
	struct abi_hdr old;

	s->old_fd = open(s->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (s->old_fd < 0) {
		if (errno != ENOENT)
			s->old_fault = "cannot be opened";
		return;
	}
	s->old_fault = check_old(s, &old);
	if (s->old_fault)
		return;
	s->old_valid = true;
	adopt_lines(s, &old);
}

/* --- the new one --- */

static void lay_out(struct abi_hdr *h, const struct segment_geometry *g)
{
	uint64_t at = sizeof(*h);

	h->magic = ABI_MAGIC;
	h->major = ABI_MAJOR;
	h->minor = ABI_MINOR;
	h->state = ABI_STATE_INIT;
	h->max_sas = g->max_sas;
	h->max_policies = g->max_policies;
	h->workers = g->workers;
	h->max_workers = g->workers + 1;
	h->max_ports = g->max_ports;
	h->command_slots = g->command_slots;
	h->event_slots = g->event_slots;
	h->punt_slots = g->punt_slots;
	h->inject_slots = g->inject_slots;
	h->pid = (uint32_t)getpid();
	for (unsigned int i = 0; i < ABI_AREAS; i++) {
		at = (at + AREA_ALIGN - 1) & ~(uint64_t)(AREA_ALIGN - 1);
		h->area[i].offset = at;
		h->area[i].size = abi_area_bytes(h, (enum abi_area_id)i);
		at += h->area[i].size;
	}
	h->segment_size = (at + AREA_ALIGN - 1) & ~(uint64_t)(AREA_ALIGN - 1);
}

static int map_new(struct segment *s)
{
	void *mem = MAP_FAILED;
	int ret, fd;

	unlink(s->new_path); /* of a start that was killed; we hold the lock */
	fd = open(s->new_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	/* Reserve the memory now: a full /dev/shm must fail here, not as SIGBUS in a worker. */
	ret = fchmod(fd, 0600) < 0 ? errno : posix_fallocate(fd, 0, (off_t)s->own.segment_size);
	if (ret == 0) {
		mem = mmap(NULL, s->own.segment_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (mem == MAP_FAILED)
			ret = errno;
	}
	close(fd);
	if (ret != 0)
		return -ret;
	s->base = mem;
	s->size = s->own.segment_size;
	return 0;
}

static void attach_rings(struct segment *s)
{
	const struct abi_hdr *h = &s->own;

	abi_ring_attach(&s->command, segment_area(s, ABI_AREA_COMMAND), h->command_slots,
			ABI_COMMAND_SLOT, false, true);
	abi_ring_attach(&s->event, segment_area(s, ABI_AREA_EVENT), h->event_slots, ABI_EVENT_SLOT,
			true, false);
	abi_ring_attach(&s->punt, segment_area(s, ABI_AREA_PUNT), h->punt_slots, ABI_PACKET_SLOT,
			true, false);
	abi_ring_attach(&s->inject, segment_area(s, ABI_AREA_INJECT), h->inject_slots,
			ABI_PACKET_SLOT, false, false);
}

int segment_create(struct segment *s, const char *dir, const char *instance,
		   const struct segment_geometry *g, char *err, size_t err_len)
{
	const char *fault;
	int ret;

	*s = (struct segment){.lock_fd = -1, .old_fd = -1};
	snprintf(s->path, sizeof(s->path), "%s/espgw-%s", dir, instance);
	snprintf(s->new_path, sizeof(s->new_path), "%s/espgw-%s.new", dir, instance);
	snprintf(s->lock_path, sizeof(s->lock_path), "%s/espgw-%s.lock", dir, instance);
	lay_out(&s->own, g);
	fault = abi_hdr_check(&s->own, s->own.segment_size);
	if (fault) {
		snprintf(err, err_len, "segment: %s", fault);
		return -EINVAL;
	}
	ret = lock_instance(s);
	if (ret < 0) {
		snprintf(err, err_len,
			 ret == -EBUSY ? "%s: another dataplane of instance %s runs" : "%s: %s",
			 s->lock_path, ret == -EBUSY ? instance : strerror(-ret));
		return ret;
	}
	ret = getrandom(&s->own.epoch, sizeof(s->own.epoch), 0) == sizeof(s->own.epoch) ? map_new(s)
											: -EIO;
	if (ret < 0) {
		snprintf(err, err_len, "%s: %llu bytes of shared memory: %s", s->new_path,
			 (unsigned long long)s->own.segment_size, strerror(-ret));
		segment_remove(s);
		return ret;
	}
	memcpy(s->base, &s->own, sizeof(s->own));
	attach_rings(s);
	take_over(s);
	return 0;
}

int segment_publish(struct segment *s, uint64_t now)
{
	static const uint32_t gone = ABI_STATE_GONE;
	int ret;

	segment_beat(s, now);
	__atomic_store_n(&header(s)->state, ABI_STATE_READY, __ATOMIC_RELEASE);
	if (s->old_valid &&
	    pwrite(s->old_fd, &gone, sizeof(gone), offsetof(struct abi_hdr, state)) < 0)
		return -errno;
	ret = rename(s->new_path, s->path) < 0 ? -errno : 0;
	s->published = ret == 0;
	if (s->old_fd >= 0)
		close(s->old_fd);
	s->old_fd = -1;
	return ret;
}

void segment_remove(struct segment *s)
{
	if (s->base) {
		__atomic_store_n(&header(s)->state, ABI_STATE_GONE, __ATOMIC_RELEASE);
		munmap(s->base, s->size);
		s->base = NULL;
	}
	if (s->old_fd >= 0)
		close(s->old_fd);
	s->old_fd = -1;
	if (s->lock_fd < 0)
		return;
	unlink(s->published ? s->path : s->new_path);
	unlink(s->lock_path);
	close(s->lock_fd);
	s->lock_fd = -1;
}

void segment_beat(struct segment *s, uint64_t now)
{
	__atomic_store_n(&header(s)->dataplane_heartbeat, now, __ATOMIC_RELAXED);
}

void segment_event(struct segment *s, const void *event, size_t len)
{
	if (abi_ring_put(&s->event, event, len) == 0)
		return;
	s->events_missed++;
	__atomic_store_n(&header(s)->events_missed, s->events_missed, __ATOMIC_RELEASE);
}
