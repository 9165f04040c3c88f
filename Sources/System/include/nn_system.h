/* What the runtime needs of Linux and Swift's Glibc module does not show, and SHA-256, which names what the object cache
   holds. */
#ifndef NN_SYSTEM_H
#define NN_SYSTEM_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* A new file without a name, in memory, closed when another program is executed; -1 where there is none to be had. */
int nn_memory_file(const char *label);

/* A pipe whose ends are closed when another program is executed; 0, or -1. */
int nn_pipe(int ends[2]);

/* Starts `path` in a process group of its own, with no signal blocked or ignored, its input from `input`, its output and errors
   to `output`. When the last writer of the pipe `reader` is gone the kernel sends SIGIO, which ends a process that does not ask
   for it, to the whole group; the child keeps `reader` open as number 3. There is no moment at which the end of this process
   would be missed. Gives 0 and the child, or an error's number. */
int nn_start(
  const char *path, char *const arguments[], char *const environment[], int input, int output, int reader, int *child);

/* The cores that a thread may run on. */
typedef struct {
  unsigned long bits[16];
} nn_cores;

/* Those of the calling thread; none where the system does not say. */
nn_cores nn_own_cores(void);

/* The core on which the calling thread runs at this moment, or -1. */
int nn_current_core(void);

/* Keeps a thread of this process on the other ones of the cores, if there are others: where it is on this one it moves. With
   the core -1 it may be on all of them. */
void nn_keep_off_core(pthread_t thread, const nn_cores *cores, int core);

/* SHA-256, by FIPS 180-4. A digest of several pieces is that of the pieces one after the other. */
typedef struct {
  uint32_t state[8];
  uint64_t byte_count;
  uint8_t block[64];
} nn_sha256;

void nn_sha256_begin(nn_sha256 *hash);
void nn_sha256_add(nn_sha256 *hash, const void *bytes, size_t count);
void nn_sha256_end(nn_sha256 *hash, uint8_t digest[32]);

#endif
