/* SPDX-License-Identifier: BSD-3-Clause */
/* sa_store.c - a file of records; see sa_store.h. */
#include "control/sa_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HALF	 (128u * 1024u) /* in a file with holes: memory is what is written */
#define SLOT	 (2u * HALF)
#define HEAD_LEN 4096u /* before the first slot */
#define BOOT_ID	 40u

struct head { /* of the file */
	char magic[8];
	char boot[BOOT_ID];
};

struct half_head {
	uint64_t seq; /* 0: nothing */
	uint32_t len;
	uint32_t pad;
};
_Static_assert(sizeof(struct half_head) + SA_STORE_RECORD == HALF, "a record fills its place");

struct sa_store {
	int fd;
	uint32_t n;    /* slots that were ever used */
	uint64_t *seq; /* of the latest write; 0: free */
	uint32_t *free, n_free;
	uint64_t failed;
};

static off_t place(uint32_t slot, unsigned half)
{
	return (off_t)HEAD_LEN + (off_t)(slot - 1) * SLOT + (off_t)half * HALF;
}

static int read_boot_id(char boot[BOOT_ID])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, boot, BOOT_ID - 1) : -1;

	if (fd >= 0)
		close(fd);
	return n > 0 ? 0 : -EIO;
}

/* 0 when the file is ours and of this boot, else it is emptied. */
static int prepare(int fd)
{
	struct head want = {.magic = "ESASv2\n"}, got = {0};
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return -EPERM;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) /* of another control that runs */
		return -errno;
	if (read_boot_id(want.boot) != 0)
		return -EIO;
	if (pread(fd, &got, sizeof(got), 0) == sizeof(got) && memcmp(&got, &want, sizeof(got)) == 0)
		return 0;
	if (ftruncate(fd, 0) != 0 || pwrite(fd, &want, sizeof(want), 0) != sizeof(want))
		return -errno;
	return 0;
}

struct sa_store *sa_store_open(const char *path)
{
	struct sa_store *s = calloc(1, sizeof(*s));
	struct stat st;
	int r = -ENOMEM;

	if (s == NULL)
		return NULL;
	s->seq = calloc(SA_STORE_SLOTS + 1, sizeof(s->seq[0]));
	s->free = calloc(SA_STORE_SLOTS, sizeof(s->free[0]));
	s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->fd < 0)
		r = -errno;
	else if (s->seq != NULL && s->free != NULL)
		r = prepare(s->fd);
	if (r == 0 && fstat(s->fd, &st) == 0) {
		off_t end = st.st_size > HEAD_LEN ? st.st_size - HEAD_LEN : 0;

		s->n = end / SLOT + 1 < SA_STORE_SLOTS ? (uint32_t)(end / SLOT + 1)
						       : SA_STORE_SLOTS;
		return s;
	}
	sa_store_close(s);
	errno = -r;
	return NULL;
}

void sa_store_close(struct sa_store *s)
{
	if (s == NULL)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s->seq);
	free(s->free);
	free(s);
}

uint32_t sa_store_put(struct sa_store *s, uint32_t slot, const uint8_t *data, size_t len)
{
	struct half_head h = {.len = (uint32_t)len};
	off_t at;

	if (len == 0 || len > SA_STORE_RECORD || slot > s->n)
		goto fail;
	if (slot == 0 && s->n_free > 0)
		slot = s->free[--s->n_free];
	else if (slot == 0 && s->n < SA_STORE_SLOTS)
		slot = ++s->n;
	if (slot == 0)
		goto fail;
	h.seq = ++s->seq[slot];
	at = place(slot, h.seq & 1);
	if (pwrite(s->fd, data, len, at + (off_t)sizeof(h)) == (ssize_t)len &&
	    pwrite(s->fd, &h, sizeof(h), at) == sizeof(h))
		return slot;
	sa_store_forget(s, slot); /* what is old is worse than nothing */
fail:
	s->failed++;
	return 0;
}

void sa_store_forget(struct sa_store *s, uint32_t slot)
{
	static const uint8_t zero[4096];
	bool punched;

	if (slot == 0 || slot > s->n || s->seq[slot] == 0)
		return;
	punched = fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, place(slot, 0),
			    SLOT) == 0;
	for (size_t at = 0; at < SLOT && !punched; at += sizeof(zero))
		(void)!pwrite(s->fd, zero, sizeof(zero), place(slot, 0) + (off_t)at);
	s->seq[slot] = 0;
	s->free[s->n_free++] = slot;
}

/* One place of a slot: its length, or 0. */
static size_t get(struct sa_store *s, uint32_t slot, unsigned half, uint64_t *seq, uint8_t *buf)
{
	struct half_head h;
	off_t at = place(slot, half);

	*seq = 0;
	if (pread(s->fd, &h, sizeof(h), at) != sizeof(h) || h.seq == 0 || h.len == 0 ||
	    h.len > SA_STORE_RECORD || (h.seq & 1) != half)
		return 0;
	if (pread(s->fd, buf, h.len, at + (off_t)sizeof(h)) != (ssize_t)h.len) {
		explicit_bzero(buf, h.len);
		return 0;
	}
	*seq = h.seq;
	return h.len;
}

static int offer(struct sa_store *s, uint32_t slot, sa_store_fn *fn, void *ctx)
{
	static uint8_t buf[2][SA_STORE_RECORD]; /* one thread */
	uint64_t seq[2];
	size_t len[2];
	int r = -ENOENT;

	for (unsigned half = 0; half < 2; half++)
		len[half] = get(s, slot, half, &seq[half], buf[half]);
	s->seq[slot] = seq[0] > seq[1] ? seq[0] : seq[1];
	/* The older one may be behind what the peer was sent: it counts only where the newer was
	 * not written to its end. */
	for (unsigned k = 0; k < 2; k++) {
		unsigned half = (seq[1] > seq[0]) ^ k;

		if (len[half] == 0)
			continue;
		r = fn(ctx, slot, buf[half], len[half]);
		if (r != -EBADMSG)
			break;
	}
	for (unsigned half = 0; half < 2; half++)
		explicit_bzero(buf[half], len[half]);
	return r;
}

unsigned sa_store_load(struct sa_store *s, sa_store_fn *fn, void *ctx)
{
	unsigned kept = 0;

	for (uint32_t slot = 1; slot <= s->n; slot++) {
		if (offer(s, slot, fn, ctx) == 0) {
			kept++;
			continue;
		}
		s->seq[slot] |= s->seq[slot] == 0; /* so that it is emptied and free */
		sa_store_forget(s, slot);
	}
	return kept;
}

uint64_t sa_store_failed(const struct sa_store *s)
{
	return s->failed;
}
