// Input: a policy body. Properties: a valid policy's joined lines are the same policy, with LF and with CRLF;
// its mx values are MxPatterns, and appended again they give the same list; its fields are stored, and those
// of its lines that a reply can carry; every dialect renders it as a reply within the limit, in which Postfix
// finds nothing but what mtastsd writes.

#include <algorithm>
#include <string>

#include "core/mx_pattern.hpp"
#include "core/record.hpp"
#include "core/reply.hpp"
#include "core/sts_policy.hpp"
#include "core/text.hpp"
#include "tests/fuzz/postfix_reader.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

namespace {

bool same(const Policy& a, const std::optional<Policy>& b) {
  return b && a.mode == b->mode && a.max_age == b->max_age && a.mx == b->mx && a.lines == b->lines;
}

void check_lint(const PolicyLint& lint) {
  bool error =
      std::ranges::any_of(lint.findings, [](const Finding& f) { return f.severity == Severity::error; });
  require(error == !lint.policy, "an error if and only if invalid");
  require(lint.findings.size() <= 100, "findings are few");
  for (const Finding& finding : lint.findings) {
    require(!finding.code.empty() && finding.message.size() < 500, "findings are short and have a code");
    require(std::ranges::all_of(finding.message, is_printable), "messages are printable");
  }
}

void check_rereading(const Policy& policy) {
  // A policy with nothing but addresses has lines without mx, which a served policy must have.
  bool no_host = policy.mx.empty() && policy.mode != Mode::none;
  require(no_host || same(policy, lint_policy(policy.lines).policy), "the lines are the policy");
  std::string crlf;
  for (std::string_view line : Parts(policy.lines)) {
    require(!line.empty() && trim(line) == line, "no blank lines, no blanks at line ends");
    crlf.append(line).append("\r\n");
  }
  if (!no_host && crlf.size() <= max_policy_bytes)
    require(same(policy, lint_policy(crlf).policy), "CRLF is as LF");
}

void check_mx(const Policy& policy) {
  std::size_t count = 0;
  MxList again;
  for (std::string_view mx : policy.mx) {
    std::optional<MxPattern> pattern = MxPattern::parse(mx);
    require(pattern && pattern->text() == mx, "mx values are patterns");
    again.append(*pattern);
    ++count;
  }
  require(again == policy.mx && MxListView::parse(policy.mx.text()), "mx values are a list");
  require(count <= max_policy_mx, "mx values are bounded");
}

void check_stored(const Policy& policy) {
  Record record;
  record.policy = policy;
  record.id = "1";
  std::string bytes = encode(record);
  Result<RecordView> stored = decode(bytes);
  require(stored.has_value(), "stored and read back");
  const Policy back = *to_record(*stored).policy;
  require(back.mode == policy.mode && back.max_age == policy.max_age && back.mx == policy.mx,
          "the fields are stored");
  require(carried_lines(view(back)) == carried_lines(view(policy)), "what a reply can carry is stored");
}

void check_replies(const Policy& policy) {
  const DomainName domain = *DomainName::parse("example.com");
  RecordView record;
  record.has_policy = true;
  record.policy = view(policy);
  const Decision decision = decide(certain(Time{}), &record, std::nullopt, {},
                                   {.settings = {.dane = false, .testing_as_enforce = true}});
  for (Dialect dialect : {Dialect::postfix, Dialect::postfix310, Dialect::sts}) {
    std::string out;
    append_reply(out, dialect, domain, decision);
    require(out.size() <= max_reply, "replies are bounded");
    require((policy.mode == Mode::none) == (out == not_found_reply),
            "mode none protects nothing, the others do");
    require(!policy.mx.empty() || !out.starts_with("OK "), "no host, no delivery");
    if (!out.starts_with("OK ")) continue;
    postfix::Reply reply =
        postfix::read_reply(std::string_view(out).substr(3), dialect == Dialect::postfix310);
    require(reply.fault.empty(), reply.fault.c_str());
    require(find_invalid_utf8(out) == std::string_view::npos, "replies are UTF-8");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  PolicyLint lint = lint_policy(fuzz::text_of(data, size));
  check_lint(lint);
  if (!lint.policy) return 0;
  check_rereading(*lint.policy);
  check_mx(*lint.policy);
  check_stored(*lint.policy);
  check_replies(*lint.policy);
  return 0;
}
