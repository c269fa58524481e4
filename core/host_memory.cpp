#include "core/host_memory.hpp"

#include <algorithm>
#include <cstdint>

#include "core/crc32c.hpp"
#include "core/dane_codec.hpp"

namespace mtasts {
namespace {

constexpr char mark_form = 1, first_memory_form = 1, memory_form = 2;
constexpr std::size_t checksum_size = 4, time_size = 8;
constexpr std::size_t first_memory_size = 1 + 4 * time_size, memory_size = 1 + 5 * time_size;
constexpr std::size_t mark_size = 1 + 2 * time_size + BootId{}.size();

void append_seconds(std::string& out, std::chrono::seconds value) {
  append_little(out, static_cast<std::uint64_t>(value.count()), time_size);
}

void append_time(std::string& out, Time time) { append_seconds(out, time.time_since_epoch()); }

// False: out of range.
bool take_seconds(std::string_view& bytes, std::chrono::seconds& value) noexcept {
  value = std::chrono::seconds(take_number<std::int64_t>(bytes));
  return value >= std::chrono::seconds(0) && value < most_seconds;
}

bool take_time(std::string_view& bytes, Time& time) noexcept {
  std::chrono::seconds value{};
  bool sane = take_seconds(bytes, value);
  time = Time(value);
  return sane;
}

std::string sealed(std::string bytes) {
  append_little(bytes, crc32c(bytes), checksum_size);
  return bytes;
}

// The fields. Empty: the bytes are not what sealed() makes of that many fields.
std::string_view unsealed(std::string_view bytes, char form, std::size_t size) noexcept {
  if (bytes.size() != size + checksum_size || bytes.front() != form) return {};
  std::string_view fields = bytes.substr(0, size), checksum = bytes.substr(size);
  if (crc32c(fields) != take_number<std::uint32_t>(checksum)) return {};
  return fields.substr(1);
}

}  // namespace

std::string encode(const HostMemory& memory) {
  std::string out(1, memory_form);
  append_time(out, memory.dnssec_worked_at);
  append_time(out, memory.dnssec_down_since);
  append_time(out, memory.postfix_yes_at);
  append_time(out, memory.postfix_no_since);
  append_time(out, memory.dnssec_down_seen);
  return sealed(std::move(out));
}

std::optional<HostMemory> decode_host_memory(std::string_view bytes) noexcept {
  std::string_view fields = unsealed(bytes, memory_form, memory_size);
  bool first = fields.empty();
  if (first) fields = unsealed(bytes, first_memory_form, first_memory_size);
  if (fields.empty()) return std::nullopt;
  HostMemory memory;
  for (Time* time : {&memory.dnssec_worked_at, &memory.dnssec_down_since, &memory.postfix_yes_at,
                     &memory.postfix_no_since}) {
    if (!take_time(fields, *time)) return std::nullopt;
  }
  if (!first && !take_time(fields, memory.dnssec_down_seen)) return std::nullopt;
  return memory;
}

std::string encode(const ClockMark& mark) {
  std::string out(1, mark_form);
  append_time(out, mark.last_certain);
  append_seconds(out, mark.boottime);
  for (std::uint8_t octet : mark.boot) out.push_back(static_cast<char>(octet));
  return sealed(std::move(out));
}

std::optional<ClockMark> decode_clock_mark(std::string_view bytes) noexcept {
  std::string_view fields = unsealed(bytes, mark_form, mark_size);
  if (fields.empty()) return std::nullopt;
  ClockMark mark;
  if (!take_time(fields, mark.last_certain) || !take_seconds(fields, mark.boottime)) return std::nullopt;
  std::ranges::transform(fields, mark.boot.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  return mark;
}

}  // namespace mtasts
