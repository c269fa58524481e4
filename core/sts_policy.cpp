// Codes of findings. Errors: too-large, empty, byte-order-mark, control-character, lone-cr, not-utf8,
// leading-blank, no-key, version-missing, version-wrong, mode-missing, mode-unknown, max-age-missing,
// max-age-syntax, mx-missing, mx-syntax, too-many-mx. Warnings: blank-line, duplicate-key, misspelt-key,
// max-age-clamped, max-age-short, mx-keyword, mx-address, no-host. Info: duplicate-mx, unknown-key,
// mode-testing, mode-none, trailing-blank.

#include "core/sts_policy.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "core/mx_pattern.hpp"
#include "core/text.hpp"

namespace mtasts {

namespace {

constexpr std::size_t max_findings =
    50;  // of errors, and as many of the rest: a hostile body must not cause thousands
constexpr std::uint32_t day = 86'400;

// What is wrong with an mx value, as a person would say it.
std::string_view mx_fault(std::string_view value) noexcept {
  auto has = [&](std::string_view any) { return value.find_first_of(any) != std::string_view::npos; };
  bool ascii = std::ranges::all_of(value, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (value.empty()) return "the value is empty";
  if (!ascii) return "write an internationalised name in A-labels (xn--...)";
  if (has(" \t,;")) return "write one name on each line, without commas or semicolons";
  if (has("/@\"'<>")) return "write a bare host name, not a URL, a mail address or quotes";
  if (has(":[]")) return "write a host name without a port or brackets";
  if (value.starts_with('.')) return "it has a leading dot; write *. for any one label";
  if (value.ends_with('.')) return "it has a final dot; remove it";
  if (value == "*" || has("_")) return "not a host name";
  if (value.rfind('*') != std::string_view::npos && (value.rfind('*') != 0 || value[1] != '.')) {
    return "* may only be the whole first label";
  }
  return "not a host name (letters, digits and hyphens)";
}

// Collects what the lines of one body say.
class PolicyReader {
 public:
  PolicyLint read(std::string_view body) {
    if (!check_bytes(body)) return std::move(lint_);
    read_lines(body);
    judge();
    if (!failed_) lint_.policy = std::move(policy_);
    return std::move(lint_);
  }

 private:
  void error(std::string_view code, std::string message) {
    failed_ = true;
    if (errors_++ < max_findings)
      lint_.findings.push_back({code, Severity::error, std::move(message), {.line = line_}});
  }

  void remark(std::string_view code, Severity severity, std::string message) {
    if (remarks_++ < max_findings)
      lint_.findings.push_back({code, severity, std::move(message), {.line = line_}});
  }

  std::string here() const { return "line " + std::to_string(line_) + ": "; }

  bool check_bytes(std::string_view body);
  void read_lines(std::string_view body);
  void read_line(std::string_view line);
  void read_field(std::string_view key, std::string_view value);
  void read_mx(std::string_view value);
  void unknown_key(std::string_view key);
  bool first(std::string_view key, bool& seen);
  void read_version(std::string_view value);
  void read_mode(std::string_view value);
  void read_max_age(std::string_view value);
  void judge();

  PolicyLint lint_;
  Policy policy_;
  std::set<std::string, std::less<>> mx_seen_;  // a tree, not a hash: its keys are hostile
  bool failed_ = false, version_seen_ = false, mode_seen_ = false, max_age_seen_ = false;
  std::size_t errors_ = 0, remarks_ = 0, lines_ = 0, bad_mx_ = 0;
  unsigned line_ = 0, mode_line_ = 0, max_age_line_ = 0;  // from 1; line_ 0: not of one line
};

bool is_control(char c) noexcept {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') || c == 0x7F;
}

// The number of the line that an octet is in.
unsigned line_of(std::string_view body, std::size_t offset) noexcept {
  return 1 + static_cast<unsigned>(std::ranges::count(body.substr(0, offset), '\n'));
}

// Octets that make the whole body invalid, wherever they are. Only the first is reported.
bool PolicyReader::check_bytes(std::string_view body) {
  auto at = [](std::size_t offset) { return " at octet " + std::to_string(offset + 1); };
  if (body.size() > max_policy_bytes) {
    error("too-large", "the policy has " + std::to_string(body.size()) + " octets; at most 65536 are read");
  } else if (body.starts_with("\xEF\xBB\xBF")) {
    line_ = 1;
    error("byte-order-mark", "the file begins with a byte order mark; save it without one");
  } else if (std::size_t bad = find_invalid_utf8(body); bad != std::string_view::npos) {
    line_ = line_of(body, bad);
    error("not-utf8", in_quotes(body.substr(bad, 1)) + at(bad) + " is not valid UTF-8");
  }
  for (std::size_t i = 0; !failed_ && i < body.size(); ++i) {
    bool line_end = body[i] == '\r' && i + 1 < body.size() && body[i + 1] == '\n';
    if (!is_control(body[i]) || line_end) continue;
    line_ = line_of(body, i);
    if (body[i] == '\r') error("lone-cr", "a CR without LF" + at(i) + "; lines end in LF or CRLF");
    if (body[i] != '\r')
      error("control-character", "control character " + in_quotes(body.substr(i, 1)) + at(i));
  }
  return !failed_;
}

void PolicyReader::read_lines(std::string_view body) {
  while (!body.empty()) {
    std::size_t end = body.find('\n');
    std::string_view line = body.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++line_;
    read_line(line);
    if (end == std::string_view::npos) break;
    body.remove_prefix(end + 1);
  }
}

void PolicyReader::read_line(std::string_view line) {
  std::string_view text = trim_end(line);
  if (text.empty())
    return remark("blank-line", Severity::warning, here() + "blank; strict senders refuse the policy");
  if (text.size() < line.size()) remark("trailing-blank", Severity::info, here() + "a blank at its end");
  ++lines_;
  if (is_blank(text.front())) return error("leading-blank", here() + "a blank before the key");
  std::size_t colon = text.find(':');
  std::string_view key = text.substr(0, colon);
  if (colon != std::string_view::npos && key.size() > max_extension_name && has_extension_octets(key))
    return error("no-key", here() + "the key " + too_long(key, max_extension_name));
  if (colon == std::string_view::npos || !is_extension_name(key)) {
    return error("no-key", here() + in_quotes(text) + " does not begin with a key and \":\"");
  }
  std::string_view value = trim_front(text.substr(colon + 1));
  if (value.find('\t') !=
      std::string_view::npos) {  // HTAB is a blank around a value, a control character within (RFC 8461 §3.2)
    return error("control-character", here() + "a tab within the value");
  }
  if (key != "mx" || !is_numeric_mx(value)) {  // the lines are passed on to Postfix
    if (!policy_.lines.empty()) policy_.lines += '\n';
    policy_.lines += text;
  }
  read_field(key, value);
}

void PolicyReader::read_field(std::string_view key, std::string_view value) {
  if (key == "version") return read_version(value);
  if (key == "mode") return read_mode(value);
  if (key == "max_age") return read_max_age(value);
  if (key == "mx") return read_mx(value);
  unknown_key(key);
}

void PolicyReader::unknown_key(std::string_view key) {
  std::string folded(key.size(), ' ');
  std::ranges::transform(key, folded.begin(), [](char c) { return c == '-' ? '_' : to_lower(c); });
  for (std::string_view known : {"version", "mode", "max_age", "mx"}) {
    if (folded != known && folded != std::string(known) + "s") continue;
    return remark(
        "misspelt-key", Severity::warning,
        here() + "unknown key " + in_quotes(key) + " is ignored; did you mean " + std::string(known) + "?");
  }
  remark("unknown-key", Severity::info, here() + "unknown key " + in_quotes(key) + " is allowed and ignored");
}

// The first of duplicate keys counts (RFC 8461 §3.2, STS-20).
bool PolicyReader::first(std::string_view key, bool& seen) {
  if (seen)
    remark("duplicate-key", Severity::warning,
           here() + "a second " + std::string(key) + " is ignored: the first counts");
  return !std::exchange(seen, true);
}

void PolicyReader::read_version(std::string_view value) {
  if (!first("version", version_seen_)) return;
  lint_.version = printable(value);
  if (value != "STSv1") error("version-wrong", here() + "version " + in_quotes(value) + " must be STSv1");
}

void PolicyReader::read_mode(std::string_view value) {
  if (!first("mode", mode_seen_)) return;
  mode_line_ = line_;
  lint_.mode = printable(value);
  std::optional<Mode> mode = mode_of(value);
  if (!mode)
    return error("mode-unknown", here() + "mode " + in_quotes(value) + " must be enforce, testing or none");
  policy_.mode = *mode;
}

void PolicyReader::read_max_age(std::string_view value) {
  if (!first("max_age", max_age_seen_)) return;
  max_age_line_ = line_;
  lint_.max_age = printable(value);
  if (value.empty() || value.size() > 10 || !std::ranges::all_of(value, is_digit)) {  // 1*10(DIGIT), STS-22
    return error("max-age-syntax",
                 here() + "max_age " + in_quotes(value) + " must be 1 to 10 digits, in seconds");
  }
  std::uint64_t seconds = 0;
  std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (seconds > max_policy_age) {
    remark("max-age-clamped", Severity::warning,
           here() + "max_age is taken as 31557600, the largest allowed");
  }
  policy_.max_age = static_cast<std::uint32_t>(std::min<std::uint64_t>(seconds, max_policy_age));
}

void PolicyReader::read_mx(std::string_view value) {
  std::optional<MxPattern> pattern = MxPattern::parse(value);
  if (!pattern && !is_numeric_mx(value)) {
    error("mx-syntax", here() + "mx " + in_quotes(value) + ": " + std::string(mx_fault(value)));
    if (bad_mx_++ < max_findings) lint_.mx.push_back(printable(value));
    return;
  }
  std::string text = pattern ? pattern->text() : std::string(value);
  if (mx_seen_.contains(text))
    return remark("duplicate-mx", Severity::info, here() + "mx " + text + " is listed twice");
  if (mx_seen_.size() == max_policy_mx) return error("too-many-mx", here() + "more than 1000 mx values");
  if (is_match_keyword(text))
    remark("mx-keyword", Severity::warning,
           here() + text + " is one of Postfix's own words and matches no host");
  lint_.mx.push_back(text);
  if (pattern) {
    policy_.mx.append(*pattern);
  } else {
    remark("mx-address", Severity::warning,
           here() + "mx " + in_quotes(text) +
               " looks like an IP address and matches no host; write the host's name");
  }
  mx_seen_.insert(std::move(text));
}

// What all lines together must have (STS-19).
void PolicyReader::judge() {
  line_ = 0;
  if (lines_ == 0) return error("empty", "the policy is empty");
  if (!version_seen_) error("version-missing", "the line \"version: STSv1\" is missing");
  if (!mode_seen_) error("mode-missing", "the key mode is missing");
  if (!max_age_seen_) error("max-age-missing", "the key max_age is missing");
  if (policy_.mode != Mode::none && mx_seen_.empty() && bad_mx_ == 0) {
    error("mx-missing", "mode " + std::string(words(policy_.mode)) + " needs at least one mx");
  }
  if (failed_) return;
  if (policy_.mode != Mode::none && policy_.mx.empty())
    remark("no-host", Severity::warning, "the policy lists no host name, so no MX host fits it");
  line_ = max_age_line_;
  if (policy_.max_age < day) {
    remark("max-age-short", Severity::warning, "max_age is below a day: some senders ignore such a policy");
  }
  line_ = mode_line_;
  if (policy_.mode == Mode::testing)
    remark("mode-testing", Severity::info, "mode testing: failures are only reported");
  if (policy_.mode == Mode::none) remark("mode-none", Severity::info, "mode none: MTA-STS is off");
}

}  // namespace

bool is_match_keyword(std::string_view mx) noexcept {
  return mx == "hostname" || mx == "nexthop" || mx == "dot-nexthop";
}

bool can_match(MxListView mx) noexcept { return !std::ranges::all_of(mx, is_match_keyword); }

std::string_view words(Mode mode) noexcept {
  switch (mode) {
    case Mode::none: return "none";
    case Mode::testing: return "testing";
    case Mode::enforce: return "enforce";
  }
  return "none";
}

std::optional<Mode> mode_of(std::string_view word) noexcept {
  for (Mode mode : {Mode::none, Mode::testing, Mode::enforce}) {
    if (words(mode) == word) return mode;
  }
  return std::nullopt;
}

std::string plain_lines(const Policy& policy) {
  return unpacked_lines({policy.mode, policy.max_age, policy.mx, {}});
}

std::string packed_lines(std::string_view lines, MxListView mx) {
  std::string packed;
  auto next = mx.begin();
  while (!lines.empty()) {
    std::string_view line = take_part(lines);
    bool is_next_mx = next != mx.end() && line.starts_with("mx: ") && line.substr(4) == *next;
    if (is_next_mx)
      ++next;
    else
      packed += line;
    if (!lines.empty() || is_next_mx) packed += '\n';
  }
  return packed;
}

std::string unpacked_lines(const PolicyView& policy) {
  if (policy.lines == left_out_lines) return std::string(left_out_lines);
  std::string text;
  for_each_line(policy, [&](std::string_view key, std::string_view value) {
    text.append(text.empty() ? "" : "\n").append(key).append(value);
  });
  return text;
}

PolicyLint lint_policy(std::string_view body) { return PolicyReader().read(body); }

}  // namespace mtasts
