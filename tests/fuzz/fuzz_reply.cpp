// Input: octets for verdict and dialect, mode, and whether the lists are repeated, then texts split by 0x1E:
// reason, detail, mx values, lines. So a short input can make a reply that reaches the limits. The mx values
// are those of the input that are MxPatterns; the lines are any bytes, as a damaged record might hold them.
// Properties: the mx values are a list if and only if each is a pattern's text; one reply, within its limit,
// one line of UTF-8 without controls, of a status and form that fits the verdict; Postfix finds in it nothing
// but what mtastsd writes.

#include <string>

#include "core/mx_pattern.hpp"
#include "core/reply.hpp"
#include "core/text.hpp"
#include "tests/fuzz/postfix_reader.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

namespace {

constexpr Verdict verdicts[] = {Verdict::not_found, Verdict::secure, Verdict::dane, Verdict::dane_only,
                                Verdict::temp};
constexpr Dialect dialects[] = {Dialect::postfix, Dialect::postfix310, Dialect::sts};

MxList patterns_of(std::string_view text) {
  MxList mx;
  for (std::string_view part : Parts(text))
    if (auto pattern = MxPattern::parse(part)) mx.append(*pattern);
  auto list = MxListView::parse(text);
  require(list.has_value() == (mx.text() == text), "a list if and only if its parts are patterns' texts");
  return mx;
}

// A list, repeated as often as it fits, at most a thousand times (a policy has no more mx).
std::string repeated(std::string_view list, std::size_t fitting) {
  std::string out(list);
  for (int i = 1; i < 1000 && !list.empty() && out.size() + 1 + list.size() <= fitting; ++i)
    out.append("\n").append(list);
  return out;
}

void check_status(std::string_view out, Verdict verdict, Mode mode) {
  bool temp = out.starts_with("TEMP ") && out.size() > 5 && out.size() <= 205;
  bool ok = out.starts_with("OK ");
  bool none = out == not_found_reply;
  require(temp + ok + none == 1, "one of the three statuses");
  if (verdict == Verdict::not_found) require(none, "not found");
  if (verdict == Verdict::temp) require(temp, "undecided is never an answer");
  if (verdict == Verdict::secure) require(mode == Mode::none ? none : !none, "protection is never dropped");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  Verdict verdict = verdicts[data[0] % 5];
  Dialect dialect = dialects[data[1] % 3];
  Mode mode = static_cast<Mode>(data[2] % 3);
  bool repeats = data[3] == 0xFF && size % 8 == 0;  // only for few inputs: such a reply takes long
  std::size_t fitting = repeats ? max_reply + 10'000 : 0;
  std::string_view rest = fuzz::text_of(data + 4, size - 4);
  std::string_view reason = fuzz::take_until(rest, '\x1E'), detail = fuzz::take_until(rest, '\x1E');
  const MxList patterns = patterns_of(fuzz::take_until(rest, '\x1E'));
  const std::string mx = repeated(patterns.text(), fitting);
  const std::string lines = repeated(rest, fitting);

  const PolicyView policy{mode, 86400, MxListView::parse(mx).value(), lines};
  std::string out = "before";
  append_reply(out, dialect, *DomainName::parse("example.com"), {verdict, "6", reason, detail, &policy});
  require(out.starts_with("before"), "what stood before is kept");
  out.erase(0, 6);
  require(out.size() <= max_reply, "replies are bounded");
  require(find_invalid_utf8(out) == std::string_view::npos, "replies are UTF-8");
  require(out.find_first_of(std::string_view("\0\r\n\t", 4)) == std::string::npos, "replies are one line");
  check_status(out, verdict, mode);
  if (!out.starts_with("OK ")) return 0;
  postfix::Reply reply = postfix::read_reply(std::string_view(out).substr(3), dialect == Dialect::postfix310);
  require(reply.fault.empty(), reply.fault.c_str());
  return 0;
}
