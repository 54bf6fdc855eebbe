/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_sa_store.c - any bytes as the file of SA records: what is read is within bounds, and after
 * loading the file works: what is put is there again. First byte: which records are refused, and
 * whether the head is right; then places of a slot follow: number, sequence, length, bytes.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/sa_store.h"
#include "tests/fuzz/fuzz.h"

#define HALF 25600

struct seen {
	unsigned n, refuse;
	bool found;
	const uint8_t *want;
	size_t want_len;
};

static int see(void *ctx, uint32_t slot, const uint8_t *data, size_t len)
{
	struct seen *k = ctx;
	unsigned sum = 0;

	FUZZ_CHECK(slot > 0 && len > 0 && len <= SA_STORE_RECORD);
	for (size_t i = 0; i < len; i++) /* all of it can be read */
		sum += data[i];
	if (k->want != NULL && len == k->want_len && memcmp(data, k->want, len) == 0)
		k->found = true;
	return (k->n++ + sum) % 8 < k->refuse ? -1 : 0;
}

static void put_halves(int fd, const uint8_t *data, size_t len)
{
	while (len >= 4) {
		struct {
			uint64_t seq;
			uint32_t len, pad;
		} h = {data[1], (uint32_t)(data[2] << 8 | data[3]), 0};
		off_t at = 4096 + (off_t)(data[0] % 8) * HALF;
		size_t n = len - 4 < 32 ? len - 4 : 32;

		FUZZ_CHECK(pwrite(fd, &h, sizeof(h), at) == sizeof(h));
		FUZZ_CHECK(pwrite(fd, data + 4, n, at + (off_t)sizeof(h)) == (ssize_t)n);
		data += 4 + n;
		len -= 4 + n;
	}
}

static unsigned load(const char *path, struct seen *seen, const uint8_t *put, size_t len)
{
	struct sa_store *s = sa_store_open(path);
	unsigned kept;

	FUZZ_CHECK(s != NULL);
	kept = sa_store_load(s, see, seen);
	if (put != NULL)
		FUZZ_CHECK(sa_store_put(s, 0, put, len) != 0);
	sa_store_close(s);
	return kept;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char path[64];
	static const uint8_t put[] = "what this process wrote";
	uint8_t how = len > 0 ? data[0] : 0;
	struct seen seen = {.refuse = how & 7};
	unsigned kept;
	int fd;

	if (path[0] == '\0')
		snprintf(path, sizeof(path), "/dev/shm/espgw-fuzz-%d", (int)getpid());
	(void)unlink(path);
	if ((how & 8) == 0) /* makes a right head */
		(void)load(path, &seen, NULL, 0);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	FUZZ_CHECK(fd >= 0);
	if ((how & 8) != 0)
		FUZZ_CHECK(pwrite(fd, data, len, 0) == (ssize_t)len);
	else if (len > 0)
		put_halves(fd, data + 1, len - 1);
	close(fd);
	kept = load(path, &seen, put, sizeof(put));
	seen = (struct seen){.want = put, .want_len = sizeof(put)};
	FUZZ_CHECK(load(path, &seen, NULL, 0) == kept + 1 && seen.found);
	(void)unlink(path);
	return 0;
}
