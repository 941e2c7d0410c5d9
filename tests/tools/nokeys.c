/* SPDX-License-Identifier: MIT */
/*
 * Run a command that has no kernel keyring: add_key, request_key and keyctl
 * fail with ENOSYS, as under many containers' system call filters.  With -q
 * add_key alone fails, with EDQUOT: the user's quota seems used up.  Really
 * used up it would be for all that runs as this user.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REFUSE(nr, error)                                                      \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1),                       \
	    BPF_STMT(BPF_RET | BPF_K, (error))

int
main(int argc, char **argv)
{
	bool quota = argc > 1 && strcmp(argv[1], "-q") == 0;
	unsigned add = SECCOMP_RET_ERRNO | (quota ? EDQUOT : ENOSYS);
	unsigned other = quota ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | ENOSYS;
	struct sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					 offsetof(struct seccomp_data, nr)),
	    REFUSE(SYS_add_key, add), REFUSE(SYS_request_key, other),
	    REFUSE(SYS_keyctl, other),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};

	argv += quota ? 2 : 1;
	if (argc < 2 || argv[0] == NULL ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0) {
		perror("nokeys");
		return 125;
	}
	execv(argv[0], argv);
	perror(argv[0]);
	return 126;
}
