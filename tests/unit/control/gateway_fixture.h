/* SPDX-License-Identifier: BSD-3-Clause */
/* gateway_fixture.h - a gateway with one tunnel and a fake data plane, for tests of what control
 * does in which order. */
#ifndef ESPGW_TESTS_GATEWAY_FIXTURE_H
#define ESPGW_TESTS_GATEWAY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/gateway.h"
#include "control/log.h"
#include "control/secret.h"
#include "fake_segment.h"

#define SEC 1000000000ull

static const char config[] =
	"interface = ( { name = \"lan\"; device = \"net_tap0,iface=lan0\"; },\n"
	"              { name = \"wan\"; device = \"net_tap1,iface=wan0\"; } );\n"
	"ip = {\n"
	"  address = ( { address = \"192.168.1.1/24\"; interface = \"lan\"; },\n"
	"              { address = \"113.87.48.200/24\"; interface = \"wan\"; } );\n"
	"  route = ( { dst-address = \"0.0.0.0/0\"; gateway = \"113.87.48.1\"; } );\n"
	"  ipsec = {\n"
	"    profile = ( { name = \"p1\"; dh-group = \"modp2048\"; hash-algorithm = \"sha256\";\n"
	"                  enc-algorithm = \"aes-256\"; } );\n"
	"    peer = ( { name = \"cloud\"; address = \"119.91.254.122\"; profile = \"p1\";\n"
	"               exchange-mode = \"main\"; allow-weak = \"ikev1\"; } );\n"
	"    identity = ( { peer = \"cloud\"; secret = \"a secret that is long enough\"; } );\n"
	"    proposal = ( { name = \"p2\"; auth-algorithms = \"sha256\";\n"
	"                   enc-algorithms = \"aes-256-cbc\"; pfs-group = \"none\"; } );\n"
	"    policy = ( { peer = \"cloud\"; tunnel = true; src-address = \"192.168.1.0/24\";\n"
	"                 dst-address = \"10.100.1.0/24\"; proposal = \"p2\"; } @MORE@ );\n"
	"  };\n"
	"};\n"
	"dataplane = { workers = 1; max-sas = 64; hugepages = false; };\n";

struct fixture {
	struct fake_segment f;
	struct gateway *g;
	uint64_t now;
	char path[64];
};

static inline void write_config(struct fixture *x, const char *more)
{
	const char *at = strstr(config, "@MORE@");
	FILE *f = fopen(x->path, "w");

	assert_non_null(f);
	fchmod(fileno(f), 0600);
	fprintf(f, "%.*s%s%s", (int)(at - config), config, more, at + strlen("@MORE@"));
	fclose(f);
}

static inline void name_ports(struct fixture *x)
{
	struct abi_port *p = fake_segment_area(&x->f, ABI_AREA_PORTS);

	/* not in the order of the configuration */
	p[0] = (struct abi_port){.name = "wan", .link_up = 1, .mac = {2, 0, 0, 0, 0, 0xab}};
	p[1] = (struct abi_port){.name = "lan"};
}

static inline int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));
	struct setup s;
	char *said;
	int rc;

	x->now = gateway_clock();
	snprintf(x->path, sizeof(x->path), "/tmp/espgw-test-gateway-%d.conf", (int)getpid());
	write_config(x, "");
	fake_segment_make(&x->f, "gateway", 7, x->now);
	name_ports(x);
	rc = setup_load(&s, x->path, NULL, NULL, &said);
	if (rc != 0)
		print_error("%s\n", said);
	free(said);
	if (rc != 0)
		return 1;
	x->g = gateway_new(x->path, x->f.name, &s);
	*state = x;
	return x->g == NULL;
}

static inline void turn(struct fixture *x)
{
	x->now += SEC / 5;
	fake_segment_beat(&x->f, x->now);
	gateway_turn(x->g, x->now);
}

static inline int64_t injected(struct fixture *x)
{
	return abi_ring_avail(&x->f.inject);
}

/* Turn and serve until nothing moves. */
static inline void settle(struct fixture *x)
{
	for (unsigned int i = 0; i < 6; i++) {
		turn(x);
		fake_segment_serve(&x->f, x->now);
	}
}

static inline int teardown(void **state)
{
	struct fixture *x = *state;

	settle(x);
	for (unsigned int i = 0; i < 1000 && dataplane_pending(x->g->dp) != 0; i++)
		settle(x); /* what waits for an answer, or never gets one */
	gateway_free(x->g);
	fake_segment_remove(&x->f);
	unlink(x->path);
	free(x);
	return 0;
}

/* Reload while the dataplane answers with status to POLICY_COMMIT. Returns policies sent. */
static inline unsigned int serve_reload(struct fixture *x, uint16_t status)
{
	union {
		struct abi_msg msg;
		uint8_t slot[ABI_COMMAND_SLOT];
	} c;
	unsigned int policies = 0;

	turn(x);
	while (fake_segment_take(&x->f, &c) == 1) {
		policies += c.msg.type == ABI_CMD_POLICY;
		fake_segment_reply(&x->f, &c.msg,
				   c.msg.type == ABI_CMD_POLICY_COMMIT ? status : ABI_OK);
		if (c.msg.type == ABI_CMD_NET_COMMIT)
			break;
		turn(x);
	}
	turn(x);
	return policies;
}

#define SECOND_POLICY                                                                              \
	", { action = \"discard\"; src-address = \"192.168.1.0/24\"; dst-address = "               \
	"\"10.0.0.0/8\"; }"

/* The data plane does nothing for so long, and then all that it was told. */
static inline void stick(struct fixture *x, unsigned int seconds)
{
	for (unsigned int i = 0; i < 5 * seconds; i++) {
		x->now += SEC / 5;
		gateway_turn(x->g, x->now);
	}
	settle(x);
	settle(x);
}

#endif
