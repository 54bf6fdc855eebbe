/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * eal.c - makes EAL's command line.
 *
 * Lcores are numbered 0..workers whatever CPUs there are, so the rest of the program does not care:
 * pinned, lcore i runs on the i-th CPU we may use; otherwise all of them float over all CPUs, which
 * lets several instances, or more workers than CPUs, share a small machine.
 */
#define ALLOW_EXPERIMENTAL_API /* rte_intr_instance_alloc and its kin */
#include "dataplane/eal.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_interrupts.h>

#define PARK_WAIT_MS 1000u

static void add(struct eal_args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct eal_args *a, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (a->argc < 0 || a->argc >= EAL_MAX_ARGS) {
		a->argc = -1;
		return;
	}
	va_start(ap, fmt);
	n = vsnprintf(a->text[a->argc], EAL_ARG_LEN, fmt, ap);
	va_end(ap);
	if (n < 0 || n >= EAL_ARG_LEN) {
		a->argc = -1;
		return;
	}
	a->argv[a->argc] = a->text[a->argc];
	a->argc++;
}

static bool extra_has(const struct eal_setup *s, const char *const *names)
{
	for (int i = 0; i < s->n_extra; i++)
		for (const char *const *n = names; *n; n++) {
			size_t len = strlen(*n);

			/* "-l0-3" and "--lcores=0-3" name their option too. */
			if (strncmp(s->extra[i], *n, len) == 0 &&
			    (s->extra[i][len] == '\0' || s->extra[i][len] == '=' || len == 2))
				return true;
		}
	return false;
}

int eal_cpu_list(char *buf, size_t len)
{
	cpu_set_t set;
	size_t used = 0;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return -errno;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		int last = cpu, n;

		if (!CPU_ISSET(cpu, &set))
			continue;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, &set))
			last++;
		n = snprintf(buf + used, len - used, last > cpu ? "%s%d-%d" : "%s%d",
			     used ? "," : "", cpu, last);
		if (n < 0 || (size_t)n >= len - used)
			return -E2BIG;
		used += (size_t)n;
		cpu = last;
	}
	return used ? 0 : -ENODEV;
}

static int add_lcores(struct eal_args *a, const struct eal_setup *s)
{
	char list[EAL_ARG_LEN - 16];
	size_t used = 0;
	cpu_set_t set;
	int cpu = -1, ret;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return -errno;
	if (!s->pin || (unsigned int)CPU_COUNT(&set) < s->workers + 1) {
		ret = eal_cpu_list(list, sizeof(list));
		if (ret < 0)
			return ret;
		add(a, "--lcores");
		add(a, "(0-%u)@(%s)", s->workers, list);
		return 0;
	}
	for (unsigned int i = 0; i <= s->workers; i++) {
		do
			cpu++;
		while (!CPU_ISSET(cpu, &set));
		ret = snprintf(list + used, sizeof(list) - used, "%s%u@%d", i ? "," : "", i, cpu);
		if (ret < 0 || (size_t)ret >= sizeof(list) - used)
			return -E2BIG;
		used += (size_t)ret;
	}
	add(a, "--lcores");
	add(a, "%s", list);
	return 0;
}

bool eal_is_pci(const char *devargs)
{
	unsigned int dom, bus, dev, fn;
	int used = 0;

	if (strncmp(devargs, "pci:", 4) == 0)
		devargs += 4;
	if ((sscanf(devargs, "%4x:%2x:%2x.%1x%n", &dom, &bus, &dev, &fn, &used) == 4 ||
	     sscanf(devargs, "%2x:%2x.%1x%n", &bus, &dev, &fn, &used) == 3) &&
	    used > 0)
		return devargs[used] == '\0' || devargs[used] == ',';
	return false;
}

/* Only the PCI devices of the configuration are touched; the ports themselves are attached later.
 */
static void add_devices(struct eal_args *a, const struct eal_setup *s)
{
	static const char *const own[] = {"-a", "--allow", "-b", "--block", "--no-pci", NULL};
	bool pci = false;

	if (extra_has(s, own))
		return;
	for (unsigned int i = 0; i < s->n_devices; i++)
		if (eal_is_pci(s->devices[i])) {
			add(a, "-a");
			add(a, "%s", s->devices[i]);
			pci = true;
		}
	if (!pci)
		add(a, "--no-pci");
}

int eal_args_make(struct eal_args *a, const struct eal_setup *s)
{
	static const char *const lcores[] = {"-l", "-c", "--lcores", "-s", "-S", NULL};
	static const char *const prefix[] = {"--file-prefix", NULL};
	static const char *const level[] = {"--log-level", NULL};
	int ret;

	a->argc = 0;
	add(a, "espgw-dataplane");
	if (!extra_has(s, lcores)) {
		ret = add_lcores(a, s);
		if (ret < 0)
			return ret;
	}
	if (s->hugepages) {
		add(a, "--in-memory");
	} else {
		/* EAL refuses --in-memory here; --no-shconf gives the same: nothing on disk. */
		add(a, "--no-huge");
		add(a, "--no-shconf");
		add(a, "-m");
		add(a, "%u", s->memory_mb);
	}
	if (!extra_has(s, prefix)) {
		add(a, "--file-prefix");
		add(a, "espgw-%s", s->instance);
	}
	if (!extra_has(s, level)) {
		add(a, "--log-level");
		add(a, "error");
		/* It calls it an error that the kernel has no multiq qdisc, and runs well without;
		 * what keeps a port from opening we say ourselves. */
		add(a, "--log-level");
		add(a, "pmd.net.tap:critical");
	}
	add_devices(a, s);
	for (int i = 0; i < s->n_extra; i++)
		add(a, "%s", s->extra[i]);
	if (a->argc < 0)
		return -E2BIG;
	a->argv[a->argc] = NULL;
	return 0;
}

static void remove_runtime_dir(void)
{
	const char *dir = rte_eal_get_runtime_dir();
	struct dirent *e;
	DIR *d = opendir(dir);

	if (!d)
		return;
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	rmdir(dir);
}

/* Of the interrupt thread, for as long as it is there. */
struct parking {
	struct rte_intr_handle *handle;
	bool done;
};

static void park(void *arg)
{
	struct parking *p = arg;

	__atomic_store_n(&p->done, true, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

/* Not by an alarm: EAL waits for the end of those. */
static bool ask_to_park(struct parking *p)
{
	int fd = eventfd(1, EFD_CLOEXEC);

	p->handle = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_PRIVATE);
	return p->handle != NULL && fd >= 0 && rte_intr_fd_set(p->handle, fd) == 0 &&
	       rte_intr_type_set(p->handle, RTE_INTR_HANDLE_EXT) == 0 &&
	       rte_intr_callback_register(p->handle, park, p) == 0;
}

void eal_park(void)
{
	const struct timespec step = {.tv_nsec = 1000000};
	static struct parking p;

	if (p.handle != NULL || !ask_to_park(&p))
		return;
	for (unsigned int ms = 0; ms < PARK_WAIT_MS && !__atomic_load_n(&p.done, __ATOMIC_ACQUIRE);
	     ms++)
		nanosleep(&step, NULL);
}

void eal_stop(bool up)
{
	if (up) {
		eal_park();
		rte_eal_cleanup();
	}
	remove_runtime_dir();
}
