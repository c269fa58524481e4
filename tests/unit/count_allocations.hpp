// count_allocations - every operator new of the thread counts, and those of other threads can be made to
// fail. Defines the program's operator new: for one source file of a program, and not under ThreadSanitizer,
// which brings one too.
#pragma once

#include <atomic>
#include <cstdlib>
#include <new>

namespace mtasts::test {

inline thread_local std::size_t allocations = 0;

// The test's own thread, whose allocations never fail.
inline thread_local bool spared = false;
// Of the next allocations of all other threads together, so many succeed, and then so many fail.
inline std::atomic<int> succeeding = 0, failing = 0;

inline bool fails() noexcept {
  if (spared || failing <= 0) return false;
  if (succeeding > 0 && succeeding-- > 0) return false;
  return failing-- > 0;
}

}  // namespace mtasts::test

void* operator new(std::size_t size) {
  ++mtasts::test::allocations;
  void* memory = mtasts::test::fails() ? nullptr : std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
