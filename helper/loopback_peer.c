/* SPDX-License-Identifier: MIT */
#include "loopback_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "log.h"

#define LIST4 "/proc/net/tcp"
#define LIST6 "/proc/net/tcp6"
#define LOOKS 3 /* a list that changes while it is read can miss a line */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static void
close_file(FILE **f)
{
	if (*f != NULL)
		(void)fclose(*f);
}

int
loopback_peer_possible(struct err *err)
{
	if (access(LIST4, R_OK) < 0)
		return err_set(err, ERR_UNAVAIL,
		    "cannot tell whose browser answers: %s: %s; --device needs "
		    "no browser here",
		    LIST4, strerror(errno));
	return 0;
}

bool
loopback_listed(FILE *list, const char *ends, uid_t uid)
{
	char line[512], local[64], remote[64], both[LOOPBACK_ENDS_MAX];
	unsigned long inode;
	unsigned owner;

	while (fgets(line, sizeof(line), list) != NULL) {
		if (sscanf(line, " %*u: %63s %63s %*x %*s %*s %*s %u %*d %lu",
			local, remote, &owner, &inode) != 4)
			continue;
		(void)snprintf(both, sizeof(both), "%s %s", local, remote);
		if (strcmp(both, ends) == 0)
			return owner == uid && inode != 0;
	}
	return false;
}

/* An end as the kernel writes it; `mapped`: an IPv4 one of an IPv6 socket. */
static void
write_end(const union address *a, bool mapped, char *to, size_t size)
{
	uint32_t w[4] = {0, 0, htonl(0xffff), 0};

	if (a->any.sa_family == AF_INET && !mapped) {
		(void)snprintf(to, size, "%08X:%04X",
		    (unsigned)a->v4.sin_addr.s_addr,
		    (unsigned)ntohs(a->v4.sin_port));
		return;
	}
	if (a->any.sa_family == AF_INET)
		w[3] = a->v4.sin_addr.s_addr;
	else
		memcpy(w, &a->v6.sin6_addr, sizeof(w));
	(void)snprintf(to, size, "%08X%08X%08X%08X:%04X", (unsigned)w[0],
	    (unsigned)w[1], (unsigned)w[2], (unsigned)w[3],
	    (unsigned)ntohs(a->any.sa_family == AF_INET ? a->v4.sin_port
							: a->v6.sin6_port));
}

static bool
listed_in(const char *path, const union address *theirs,
    const union address *ours, bool mapped)
{
	CLEANUP(close_file) FILE *list = fopen(path, "re");
	char local[48], remote[48], ends[LOOPBACK_ENDS_MAX];

	if (list == NULL)
		return false;
	write_end(theirs, mapped, local, sizeof(local));
	write_end(ours, mapped, remote, sizeof(remote));
	(void)snprintf(ends, sizeof(ends), "%s %s", local, remote);
	return loopback_listed(list, ends, geteuid());
}

bool
loopback_peer_is_us(int fd)
{
	union address theirs, ours;
	socklen_t n = sizeof(theirs), m = sizeof(ours);
	int i;

	memset(&theirs, 0, sizeof(theirs));
	memset(&ours, 0, sizeof(ours));
	if (getpeername(fd, &theirs.any, &n) < 0 ||
	    getsockname(fd, &ours.any, &m) < 0 ||
	    theirs.any.sa_family != ours.any.sa_family)
		return false;
	for (i = 0; i < LOOKS; i++) {
		if (theirs.any.sa_family == AF_INET &&
		    listed_in(LIST4, &theirs, &ours, false))
			return true;
		if (listed_in(LIST6, &theirs, &ours, true))
			return true;
	}
	log_debug("loopback: a connection of another user's is refused");
	return false;
}
