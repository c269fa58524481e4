#include "core/netstring.hpp"

#include <algorithm>
#include <charconv>

#include "core/text.hpp"

namespace mtasts {

namespace {

constexpr std::size_t max_digits = 7;

Frame fault(Frame::State state) noexcept { return {.state = state, .payload = {}}; }

Frame partial(std::size_t wanted) noexcept {
  return {.state = Frame::State::partial, .payload = {}, .wanted = wanted};
}

// The frame whose length digits end at colon.
Frame read_payload(std::string_view input, std::size_t colon, std::size_t length) noexcept {
  std::size_t end = colon + 1 + length;
  if (input.size() <= end) return partial(end + 1);
  if (input[end] != ',') return fault(Frame::State::bad);
  return {.state = Frame::State::whole, .payload = input.substr(colon + 1, length), .used = end + 1};
}

// Returns the length of what it wrote.
std::size_t write_head(char (&head)[netstring_room], std::size_t payload_size) noexcept {
  char* end = std::to_chars(head, head + sizeof head, payload_size).ptr;
  *end++ = ':';
  return static_cast<std::size_t>(end - head);
}

}  // namespace

// Each verdict depends only on the bytes up to the first one that decides it, so it does not matter in which
// pieces they arrive.
Frame next_frame(std::string_view input, std::size_t max_payload) noexcept {
  std::size_t length = 0;
  for (std::size_t i = 0; i < input.size(); ++i) {
    char c = input[i];
    if (c == ':' && i > 0) return read_payload(input, i, length);
    bool after_zero = i == 1 && length == 0;
    if (!is_digit(c) || after_zero || i == max_digits) return fault(Frame::State::bad);
    length = length * 10 + static_cast<std::size_t>(c - '0');
    if (length > max_payload) return fault(Frame::State::too_long);
  }
  // Assumes that no more digits follow: the digits so far, ":", the payload, ",". Without any digit: as for
  // "0:,".
  std::size_t digits = input.empty() ? 1 : input.size();
  return partial(digits + 1 + length + 1);
}

void append_netstring(std::string& out, std::string_view payload) {
  char head[netstring_room];
  out.append(head, write_head(head, payload.size())).append(payload);
  out += ',';
}

std::string_view frame_in_place(std::string& bytes) {
  char head[netstring_room];
  std::size_t size = write_head(head, bytes.size() - netstring_room);
  bytes += ',';
  std::copy_n(head, size, bytes.data() + netstring_room - size);
  return std::string_view(bytes).substr(netstring_room - size);
}

}  // namespace mtasts
