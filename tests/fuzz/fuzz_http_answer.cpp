// Input: an octet for the size of the parts, one for how the connection ends, then what a policy host sends.
// Properties: however the octets are cut into parts, the outcome is the same; a body is no longer than 64
// KiB; one without a length is not believed if the connection was cut; words for people are printable.

#include <algorithm>

#include "core/text.hpp"
#include "net/https/http_reading.hpp"
#include "tests/fuzz/octet_stream.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

namespace {

using Answer = http_reading::Outcome<HttpAnswer>;

Answer read(std::string_view octets, std::size_t part, bool cut, PolicyHostSeen& seen) {
  boost::system::error_code end = boost::asio::error::eof;
  if (cut) end = boost::asio::ssl::error::stream_truncated;
  return fuzz::read_octets<Answer>(octets, part, end,
                                   [&seen](auto& stream) { return http_reading::read_answer(stream, seen); });
}

void check_seen(const Answer& answer, const PolicyHostSeen& seen) {
  require(!answer || (!seen.too_large && !seen.cut_short), "an answer is neither too large nor cut short");
  require(!answer || seen.status == answer->status, "the status seen is that of the answer");
  require(seen.location.size() <= max_header_octets && seen.content_encoding.size() <= max_header_octets,
          "headers that are kept are bounded");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  bool cut = data[1] % 2 == 1;
  std::string_view octets = fuzz::text_of(data + 2, size - 2);
  PolicyHostSeen seen, seen_in_parts, seen_closed;
  Answer whole = read(octets, octets.size() + 1, cut, seen);
  Answer parts = read(octets, data[0] + 1u, cut, seen_in_parts);
  check_seen(whole, seen);
  check_seen(parts, seen_in_parts);
  require(whole.has_value() == parts.has_value(), "the same in parts");
  if (!whole) {
    require(std::ranges::all_of(whole.error().detail, is_printable), "words are printable");
    require(whole.error().step == FetchStep::response, "the step");
    return 0;
  }
  require(whole->status == parts->status && whole->body == parts->body &&
              whole->content_type == parts->content_type,
          "the same answer in parts");
  require(whole->status >= 100 && whole->status <= 999, "a status has three digits");
  require(whole->body.size() <= max_policy_bytes, "a body is bounded");
  require(whole->status == 200 || whole->body.empty(), "only a 200 has a body");
  if (cut) {
    Answer closed = read(octets, octets.size() + 1, false, seen_closed);
    require(closed && closed->body == whole->body, "what is whole without its end is whole with it");
  }
  return 0;
}
