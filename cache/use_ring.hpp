// use_ring - carries notes "this domain was asked for on that day" from one reading thread to the store
// thread.
//
// Bounded and without locks: push() is called on the answer path and drops the note when the ring is full.
// One thread pushes, the store thread pops.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mtasts::cache {

class UseRing {
 public:
  static constexpr std::size_t capacity = 512;
  // Instead of a day: the domain's entry cannot be read.
  static constexpr std::uint32_t suspect = UINT32_MAX;

  struct Note {
    std::uint32_t day = 0;  // days since 1970-01-01 UTC, or suspect
    std::uint8_t size = 0;
    std::array<char, 255> text;
    std::string_view domain() const noexcept { return {text.data(), size}; }
  };

  // False: the ring is full, or the name is longer than 255 octets.
  bool push(std::string_view domain, std::uint32_t day) noexcept {
    auto head = head_.load(std::memory_order_relaxed);
    if (head - tail_.load(std::memory_order_acquire) == capacity || domain.size() > 255) return false;
    auto& note = notes_[head % capacity];
    note.day = day;
    note.size = static_cast<std::uint8_t>(domain.size());
    std::memcpy(note.text.data(), domain.data(), domain.size());
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  // False: the ring is empty.
  bool pop(Note& out) noexcept {
    auto tail = tail_.load(std::memory_order_relaxed);
    if (tail == head_.load(std::memory_order_acquire)) return false;
    out = notes_[tail % capacity];
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

 private:
  std::array<Note, capacity> notes_{};
  alignas(64) std::atomic<std::size_t> head_ = 0;
  alignas(64) std::atomic<std::size_t> tail_ = 0;
};

}  // namespace mtasts::cache
