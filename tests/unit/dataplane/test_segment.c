/* SPDX-License-Identifier: BSD-3-Clause */
/* test_segment.c - making, publishing, taking over and removing the segment, in a directory of its
 * own; old segments with every byte changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "dataplane/segment.h"

static char dir[64];
static char err[256];

static const struct segment_geometry geometry = {.max_sas = 64,
						 .max_policies = 8,
						 .workers = 2,
						 .max_ports = 4,
						 .command_slots = 4,
						 .event_slots = 4,
						 .punt_slots = 2,
						 .inject_slots = 2};

static const char *path_of(const char *suffix)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/espgw-t%s", dir, suffix);
	return path;
}

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/espgw-segment-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(path_of(""));
	unlink(path_of(".new"));
	unlink(path_of(".lock"));
	return rmdir(dir);
}

static int create(struct segment *s)
{
	return segment_create(s, dir, "t", &geometry, err, sizeof(err));
}

/* End without an orderly stop: the kernel closes everything, files stay. */
static void crash(struct segment *s)
{
	char lock[128];

	snprintf(lock, sizeof(lock), "%s", s->lock_path);
	close(s->lock_fd);
	s->lock_fd = -1;
	s->base = NULL; /* the mapping leaks, as another process would still hold it */
}

static struct abi_hdr read_header(const char *suffix)
{
	struct abi_hdr h;
	int fd = open(path_of(suffix), O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, &h, sizeof(h)), sizeof(h));
	close(fd);
	return h;
}

static void lays_out_what_control_accepts(void **state)
{
	struct segment s;
	struct abi_hdr h;
	struct stat st;

	(void)state;
	assert_int_equal(create(&s), 0);
	assert_int_equal(access(path_of(""), F_OK), -1);
	assert_int_equal(read_header(".new").state, ABI_STATE_INIT);
	assert_int_equal(segment_publish(&s, 123), 0);
	assert_int_equal(access(path_of(".new"), F_OK), -1);
	h = read_header("");
	assert_int_equal(stat(path_of(""), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_null(abi_hdr_check(&h, (uint64_t)st.st_size));
	assert_int_equal(h.state, ABI_STATE_READY);
	assert_int_equal(h.workers, 2);
	assert_int_equal(h.max_workers, 3);
	assert_int_equal(h.dataplane_heartbeat, 123);
	assert_true(h.epoch != 0);
	for (unsigned int i = 0; i < ABI_AREAS; i++)
		assert_int_equal(h.area[i].offset % 4096, 0);
	segment_remove(&s);
	assert_int_equal(access(path_of(""), F_OK), -1);
	assert_int_equal(access(path_of(".lock"), F_OK), -1);
}

static void refuses_a_second_one_while_the_first_lives(void **state)
{
	struct segment a, b;

	(void)state;
	assert_int_equal(create(&a), 0);
	assert_int_equal(segment_publish(&a, 1), 0);
	assert_int_equal(create(&b), -EBUSY);
	assert_non_null(strstr(err, "another dataplane of instance t"));
	segment_remove(&b);
	assert_int_equal(read_header("").state, ABI_STATE_READY);
	segment_remove(&a);
	assert_int_equal(create(&b), 0);
	segment_remove(&b);
}

static void leaves_the_old_one_alone_until_it_publishes(void **state)
{
	struct segment a, b;
	uint64_t epoch;

	(void)state;
	assert_int_equal(create(&a), 0);
	assert_int_equal(segment_publish(&a, 1), 0);
	epoch = read_header("").epoch;
	crash(&a);
	assert_int_equal(create(&b), 0);
	segment_remove(&b); /* a start that failed */
	assert_int_equal(read_header("").epoch, epoch);
	assert_int_equal(read_header("").state, ABI_STATE_READY);
}

static void marks_the_old_one_gone_and_takes_its_marks(void **state)
{
	struct segment a, b;
	struct abi_sa_status *old, *new;
	struct abi_hdr *old_hdr;
	uint64_t epoch;

	(void)state;
	assert_int_equal(create(&a), 0);
	old = segment_area(&a, ABI_AREA_SA_STATUS);
	old_hdr = (struct abi_hdr *)a.base;
	epoch = old_hdr->epoch;
	old[5] = (struct abi_sa_status){.state = ABI_SA_MATURE,
					.spi = 0x1234,
					.cookie = 99,
					.current = 1,
					.seq = 1000,
					.seq_mark = 1u << 20};
	old[63] = (struct abi_sa_status){.state = ABI_SA_DEAD, .spi = 7000, .seq_mark = 5};
	old[7] = (struct abi_sa_status){.state = 77, .spi = 7000};
	old[8] = (struct abi_sa_status){.state = ABI_SA_FREE, .spi = 7000};
	assert_int_equal(segment_publish(&a, 1), 0);
	crash(&a);
	assert_int_equal(create(&b), 0);
	assert_null(b.old_fault);
	assert_int_equal(b.taken_over, 2);
	new = segment_area(&b, ABI_AREA_SA_STATUS);
	assert_int_equal(new[5].state, ABI_SA_DEAD);
	assert_int_equal(new[5].spi, 0x1234);
	assert_int_equal(new[5].cookie, 99);
	assert_int_equal(new[5].seq_mark, 1u << 20);
	assert_int_equal(new[5].current, 0);
	assert_int_equal(new[63].seq_mark, 5);
	assert_int_equal(new[7].state, ABI_SA_FREE);
	assert_int_equal(new[7].spi, 0);
	assert_int_equal(new[8].spi, 0);
	assert_int_equal(old_hdr->state, ABI_STATE_READY);
	assert_int_equal(segment_publish(&b, 2), 0);
	assert_int_equal(old_hdr->state, ABI_STATE_GONE);
	assert_true(read_header("").epoch != epoch);
	segment_remove(&b);
}

/* Fresh bytes as an old segment each time; whatever they are, we start, with at most their lines.
 */
static void start_over(const uint8_t *bytes, size_t len, uint32_t *faults)
{
	struct segment s;
	int fd = open(path_of(""), O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	close(fd);
	assert_int_equal(create(&s), 0);
	assert_true(s.taken_over <= geometry.max_sas);
	*faults += s.old_fault != NULL;
	segment_remove(&s);
}

static void survives_an_old_segment_with_any_byte_changed(void **state)
{
	struct segment s;
	uint32_t faults = 0;
	size_t size;
	uint8_t *bytes;

	(void)state;
	srand(3);
	assert_int_equal(create(&s), 0);
	size = s.size;
	bytes = malloc(size);
	memcpy(bytes, s.base, size);
	segment_remove(&s);
	start_over(bytes, size, &faults);
	assert_int_equal(faults, 0);
	for (size_t i = 0; i < sizeof(struct abi_hdr); i++) {
		uint8_t was = bytes[i];

		bytes[i] = (uint8_t)(was + 1 + rand() % 255);
		start_over(bytes, size, &faults);
		bytes[i] = was;
	}
	assert_in_range(faults, 200, sizeof(struct abi_hdr)); /* not every field is geometry */
	for (size_t i = sizeof(struct abi_hdr); i < size; i++)
		bytes[i] = (uint8_t)rand(); /* SA lines of noise */
	start_over(bytes, size, &faults);
	free(bytes);
}

static void survives_an_old_segment_of_any_length(void **state)
{
	struct segment s;
	uint32_t faults = 0, rounds = 0;
	size_t size;
	uint8_t *bytes;

	(void)state;
	assert_int_equal(create(&s), 0);
	size = s.size;
	bytes = calloc(1, size + 4096);
	memcpy(bytes, s.base, size);
	segment_remove(&s);
	for (size_t len = 0; len < size; len += len < 1024 ? 61 : 5003, rounds++)
		start_over(bytes, len, &faults);
	start_over(bytes, size + 4096, &faults);
	assert_int_equal(faults, rounds + 1);
	free(bytes);
}

static void names_another_version(void **state)
{
	struct segment s;
	struct abi_hdr *h;

	(void)state;
	assert_int_equal(create(&s), 0);
	assert_int_equal(segment_publish(&s, 1), 0);
	h = (struct abi_hdr *)s.base;
	h->major = ABI_MAJOR + 1;
	crash(&s);
	assert_int_equal(create(&s), 0);
	assert_string_equal(s.old_fault, "made by another version");
	segment_remove(&s);
	assert_int_equal(h->state, ABI_STATE_READY); /* not ours to touch */
}

static void does_not_follow_a_link(void **state)
{
	struct segment s;

	(void)state;
	assert_int_equal(symlink("/etc/passwd", path_of("")), 0);
	assert_int_equal(create(&s), 0);
	assert_string_equal(s.old_fault, "cannot be opened");
	segment_remove(&s);
}

static void counts_events_that_find_no_room(void **state)
{
	struct abi_ev_reply ev = {.msg = {ABI_EV_REPLY, sizeof(ev), 1}};
	struct segment s;

	(void)state;
	assert_int_equal(create(&s), 0);
	for (unsigned int i = 0; i < geometry.event_slots + 3; i++)
		segment_event(&s, &ev, sizeof(ev));
	assert_int_equal(((struct abi_hdr *)s.base)->events_missed, 3);
	segment_remove(&s);
}

static void knows_a_good_instance_name(void **state)
{
	(void)state;
	assert_true(segment_instance_ok("default"));
	assert_true(segment_instance_ok("a-B_9"));
	assert_false(segment_instance_ok(""));
	assert_false(segment_instance_ok("a/b"));
	assert_false(segment_instance_ok(".."));
	assert_false(segment_instance_ok("0123456789012345678901234567890123"));
}

int main(void)
{
#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		IN_DIR(lays_out_what_control_accepts),
		IN_DIR(refuses_a_second_one_while_the_first_lives),
		IN_DIR(leaves_the_old_one_alone_until_it_publishes),
		IN_DIR(marks_the_old_one_gone_and_takes_its_marks),
		IN_DIR(survives_an_old_segment_with_any_byte_changed),
		IN_DIR(survives_an_old_segment_of_any_length),
		IN_DIR(names_another_version),
		IN_DIR(does_not_follow_a_link),
		IN_DIR(counts_events_that_find_no_room),
		cmocka_unit_test(knows_a_good_instance_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
