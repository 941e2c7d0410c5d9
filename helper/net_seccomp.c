/* SPDX-License-Identifier: MIT */
#include "net_worker.h"

#ifdef HAVE_SECCOMP
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "net_filter.h" /* of filter.c, made by make */

/* Of the kernel alone: its compiler of filters has no room left. */
#define KERNEL_ENOTSUPP 524

int
net_seccomp(struct err *err)
{
	struct sock_filter own[sizeof(net_filter) / sizeof(net_filter[0])];
	struct sock_fprog program = {sizeof(own) / sizeof(own[0]), own};

	memcpy(own, net_filter, sizeof(own));
	own[NET_FILTER_PID_AT].k = (__u32)getpid();
	/* A kernel without filters (or a container that forbids them) is no
	   reason to let nobody in; the loss of rights before this is. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0 &&
	    errno != EINVAL && errno != ENOSYS && errno != EACCES &&
	    errno != EPERM && errno != KERNEL_ENOTSUPP)
		return err_set(
		    err, ERR_INTERNAL, "cannot load the system call filter");
	return 0;
}

#else

int
net_seccomp(struct err *err)
{
	(void)err;
	return 0;
}

#endif
