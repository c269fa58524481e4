// failing_memory - a library for LD_PRELOAD in which memory runs out for one size.
//
// Every request of operator new for FAILING_MEMORY octets or up to 99 more throws std::bad_alloc. So a test
// chooses by the length of what it sends which step of a program fails.
#include <cstdlib>
#include <new>

namespace {

std::size_t failing_size() noexcept {
  const char* text = std::getenv("FAILING_MEMORY");  // NOLINT(concurrency-mt-unsafe)
  return text == nullptr ? 0 : std::strtoul(text, nullptr, 10);
}

}  // namespace

// They replace functions of the C++ library, so they have its names and types.
void* operator new(std::size_t size) {
  static const std::size_t failing = failing_size();
  void* memory = failing > 0 && size >= failing && size < failing + 100 ? nullptr : std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
