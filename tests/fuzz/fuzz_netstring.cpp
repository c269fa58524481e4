// Input: two octets (where the stream is cut, the payload limit), then a stream. Properties: fed in any two
// parts, and octet by octet, the stream gives the same frames and the same fault; `wanted` is never reached
// without progress, and never more than the frame; a frame is as append_netstring() writes it.

#include <algorithm>
#include <string>
#include <vector>

#include "core/map_name.hpp"
#include "core/netstring.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

namespace {

// What a connection sees of a stream that arrives in parts of these sizes, the last one repeated.
struct Seen {
  std::vector<std::string> payloads;
  Frame::State end = Frame::State::partial;  // partial: all was taken

  friend bool operator==(const Seen&, const Seen&) = default;
};

void check_frame(std::string_view input, const Frame& frame, std::size_t limit) {
  if (frame.state == Frame::State::partial) {
    require(frame.wanted > input.size(), "more is wanted than there is");
    require(frame.wanted <= limit + 9, "no more is wanted than the longest frame");
  }
  if (frame.state != Frame::State::whole) return;
  require(frame.payload.size() <= limit, "the limit holds");
  std::string again;
  append_netstring(again, frame.payload);
  require(again == input.substr(0, frame.used), "a frame is what append_netstring() writes");
  std::string there(netstring_room, 'x');
  there += frame.payload;
  require(frame_in_place(there) == again, "a frame is the same where its payload stands");
  if (auto request = parse_request(frame.payload)) {
    require(std::string(request->map).append(1, ' ').append(request->key) == frame.payload,
            "a request is its parts");
  }
}

Seen feed(std::string_view stream, std::size_t first_part, std::size_t part, std::size_t limit) {
  Seen seen;
  std::size_t have = std::min(first_part, stream.size());
  while (true) {
    Frame frame = next_frame(stream.substr(0, have), limit);
    check_frame(stream.substr(0, have), frame, limit);
    if (frame.state == Frame::State::whole) {
      seen.payloads.emplace_back(frame.payload);
      stream.remove_prefix(frame.used);
      have -= frame.used;
      continue;
    }
    seen.end = frame.state;
    if (frame.state != Frame::State::partial || have == stream.size()) return seen;
    have = std::min(have + part, stream.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 5000) return 0;
  std::string_view stream = fuzz::text_of(data + 2, size - 2);
  std::size_t limit = std::size_t{data[1]} * 4;
  const Seen whole = feed(stream, stream.size(), 1, limit);
  require(feed(stream, data[0], stream.size(), limit) == whole, "cut in two");
  require(feed(stream, 0, 1, limit) == whole, "octet by octet");
  return 0;
}
