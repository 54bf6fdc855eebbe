/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * names_evdns.h - who answers the questions of names.h: the hosts file, then the name servers of
 * resolv.conf, through libevent's evdns, which never blocks. A file that has changed is read again
 * with the next question.
 */
#ifndef ESPGW_CONTROL_NAMES_EVDNS_H
#define ESPGW_CONTROL_NAMES_EVDNS_H

struct event_base;
struct names;
struct names_evdns;

/** Answers n from now on. base, n and the paths must outlive it. NULL + errno. */
struct names_evdns *names_evdns_new(struct event_base *base, struct names *n,
				    const char *resolv_conf, const char *hosts);
/** Ends what is under way, unanswered; the event base must not run any more. NULL is fine. */
void names_evdns_free(struct names_evdns *r);

#endif
