// count_allocations - every operator new of the thread counts. Defines the program's operator new: for one
// source file of a program, and not under ThreadSanitizer, which brings one too.
#pragma once

#include <cstdlib>
#include <new>

namespace mtasts::test {

inline thread_local std::size_t allocations = 0;

}  // namespace mtasts::test

void* operator new(std::size_t size) {
  ++mtasts::test::allocations;
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
