/* libstdc++.a of a system with glibc 2.36 takes arc4random from there, for std::random_device. With one here the program
   runs on glibc 2.35 too, which is that of Ubuntu 22.04. */
#include <stdint.h>
#include <sys/random.h>

__attribute__((visibility("hidden"))) uint32_t arc4random(void) {
  uint32_t bits;
  while (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits) {
  }
  return bits;
}
