/*
 * Preloaded into a server: for each answer that it sends by sendto() or
 * sendmsg(), $LEAK_COUNT blocks of $LEAK_SIZE bytes are allocated and
 * forgotten, or, with $LEAK_KEEP, put in front of the list seeded_head.  Each
 * begins with the text "seeded leak".
 *
 * How many blocks there have been, and how large their chunks are together, is
 * at any time the one line of the file $LEAK_TOLD.
 */
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct seeded {
	char text[16];
	struct seeded *next;
};

struct seeded *seeded_head;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t blocks, bytes;
static size_t count, size;
static int keep, told = -1;

static void leak_one(void)
{
	struct seeded *block = malloc(size);

	if (!block)
		return;
	strcpy(block->text, "seeded leak");
	if (keep) {
		block->next = seeded_head;
		seeded_head = block;
	}
	blocks++;
	bytes += malloc_usable_size(block) + sizeof(size_t);
}

static void leak(void)
{
	char line[64];
	int len;

	if (told < 0)
		return;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < count; i++)
		leak_one();
	len = snprintf(line, sizeof(line), "%ju %ju\n", (uintmax_t)blocks,
		       (uintmax_t)bytes);
	/* A test that reads too little says so; the program goes on. */
	len = (int)pwrite(told, line, (size_t)len, 0);
	(void)len;
	pthread_mutex_unlock(&lock);
}

ssize_t sendto(int fd, const void *data, size_t len, int flags,
	       const struct sockaddr *to, socklen_t to_len)
{
	static __typeof__(&sendto) next;

	if (!next)
		next = (__typeof__(next))dlsym(RTLD_NEXT, "sendto");
	leak();
	return next(fd, data, len, flags, to, to_len);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	static __typeof__(&sendmsg) next;

	if (!next)
		next = (__typeof__(next))dlsym(RTLD_NEXT, "sendmsg");
	leak();
	return next(fd, message, flags);
}

static size_t number(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void leak_begin(void)
{
	const char *path = getenv("LEAK_TOLD");
	int fd;

	count = number("LEAK_COUNT");
	size = number("LEAK_SIZE");
	keep = number("LEAK_KEEP") != 0;
	if (!path || size < sizeof(struct seeded))
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	/* Out of the way of programs that close or number what they have. */
	told = fcntl(fd, F_DUPFD_CLOEXEC, 200);
	close(fd);
}
