// Input: an octet for the size of the parts, one for the limits, then what a mail server sends. Properties:
// however the octets are cut into parts, the replies and the end are the same; the limits hold; a reply has a
// code of SMTP and lines without line ends; a reply that is written again is read as the same.

#include <algorithm>
#include <vector>

#include "net/smtp/reply.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;
using State = ReplyReader::State;

namespace {

struct Seen {
  std::vector<SmtpReply> replies;
  State end = State::partial;
  bool begins_badly = false;
  std::string evidence;
  std::size_t taken = 0;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen read(std::string_view octets, std::size_t part, ReplyLimits limits) {
  Seen seen;
  ReplyReader reader(limits);
  for (std::size_t have = 0; have < octets.size() && reader.state() == State::partial;) {
    have = std::min(have + part, octets.size());
    while (seen.taken < have) {
      std::size_t taken = reader.read(octets.substr(seen.taken, have - seen.taken));
      seen.taken += taken;
      if (reader.state() == State::whole) {
        seen.replies.push_back(reader.take_reply());
      } else {
        require(seen.taken == have || reader.state() != State::partial, "all is taken, or there is an end");
      }
      if (reader.state() != State::partial) break;
    }
  }
  seen.end = reader.state();
  seen.begins_badly = reader.begins_badly();
  seen.evidence = reader.evidence();
  return seen;
}

void check_reply(const SmtpReply& reply) {
  require(reply.code >= 200 && reply.code <= 599, "a code of SMTP");
  require(!reply.lines.empty(), "a reply has a line");
  for (const std::string& line : reply.lines)
    require(line.find_first_of("\r\n") == std::string::npos, "a line has no line end");
}

std::string written(const SmtpReply& reply) {
  std::string text;
  for (const std::string& line : reply.lines)
    text += std::to_string(reply.code) + (&line == &reply.lines.back() ? " " : "-") + line + "\r\n";
  return text;
}

void check_limits(const Seen& seen, ReplyLimits limits) {
  std::size_t lines = 0, octets = seen.evidence.size();
  for (const SmtpReply& reply : seen.replies) lines += reply.lines.size();
  require(seen.taken <= limits.octets && octets <= limits.octets, "no more octets than the limit");
  require(lines <= limits.lines, "no more lines than the limit");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  auto octets = fuzz::text_of(data + 2, size - 2);
  ReplyLimits limits{.octets = data[1] * 16u, .lines = data[1] / 8u};
  const Seen whole = read(octets, octets.size(), limits);
  require(read(octets, data[0] + 1u, limits) == whole, "the same in parts");
  require(read(octets, 1, limits) == whole, "the same octet by octet");
  check_limits(whole, limits);
  for (const SmtpReply& reply : whole.replies) {
    check_reply(reply);
    const Seen again = read(written(reply), 7, {.octets = 1 << 20, .lines = 1 << 20});
    require(again.replies == std::vector{reply}, "a reply that is written again is read as the same");
  }
  return 0;
}
