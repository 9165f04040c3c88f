#define _GNU_SOURCE
#include "test_environment.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[4096];
static pid_t owner;

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
  (void)status, (void)kind, (void)walk;
  return remove(path);
}

static void remove_all(void) {
  if (getpid() == owner) nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A constructor, because no test can be relied on to run first. */
__attribute__((constructor)) static void make_cache_home(void) {
  const char *parent = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/nncc-tests-XXXXXX", parent && *parent ? parent : "/tmp");
  if (mkdtemp(folder) == NULL) {
    perror(folder);
    abort();
  }
  owner = getpid();
  char path[sizeof folder + 16];
  snprintf(path, sizeof path, "%s/cache", folder);
  setenv("XDG_CACHE_HOME", path, 1);
  snprintf(path, sizeof path, "%s/temporary", folder);
  mkdir(path, 0700);
  setenv("TMPDIR", path, 1);
  unsetenv("NNCC_CACHE_SIZE");
  unsetenv("NNCC_TIER_UP_MS");
  atexit(remove_all);
}
