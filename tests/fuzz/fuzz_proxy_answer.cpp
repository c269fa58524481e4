// Input: an octet for the size of the parts, then what a proxy sends after CONNECT. Properties: however the
// octets are cut, the status is the same; a tunnel opens only after a whole head; words for people are
// printable.

#include <algorithm>

#include "core/text.hpp"
#include "net/https/http_reading.hpp"
#include "tests/fuzz/octet_stream.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

namespace {

using Answer = http_reading::Outcome<http_reading::TunnelAnswer>;

Answer read(std::string_view octets, std::size_t part) {
  return fuzz::read_octets<Answer>(octets, part, boost::asio::error::eof,
                                   [](auto& stream) { return http_reading::read_tunnel_answer(stream); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  std::string_view octets = fuzz::text_of(data + 1, size - 1);
  Answer whole = read(octets, octets.size() + 1), parts = read(octets, data[0] + 1u);
  require(whole.has_value() == parts.has_value(), "the same in parts");
  if (!whole) {
    require(std::ranges::all_of(whole.error().detail, is_printable), "words are printable");
    return 0;
  }
  require(whole->status == parts->status && whole->reason == parts->reason, "the same answer in parts");
  require(std::ranges::all_of(whole->reason, is_printable), "a reason is printable");
  auto head = head_size(octets);
  require(head && *head <= octets.size(), "behind a whole head");
  require(whole->more == (octets.size() > *head), "what follows is noticed");
  return 0;
}
