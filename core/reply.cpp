#include "core/reply.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "core/parts.hpp"
#include "core/text.hpp"

namespace mtasts {

namespace {

constexpr std::size_t max_text = 200;  // Postfix logs no more of a reason (SM-6)
constexpr OctetSet plain([](char c) { return (is_printable(c) && c != '{' && c != '}') || c == '\t'; });

// Writes into memory that is there already. What does not fit is left out, and `full` is set; the reply must
// then be taken back. So a huge policy costs no more memory than the largest reply.
class Writer {
 public:
  Writer(char* begin, std::size_t room) noexcept : begin_(begin), at_(begin), end_(begin + room) {}

  void add(std::string_view text) noexcept {
    if (text.size() > static_cast<std::size_t>(end_ - at_)) full_ = true;
    if (full_ || text.empty()) return;
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  // A literal, whose size the compiler knows.
  template <std::size_t Size>
  void add(const char (&text)[Size]) noexcept {
    if (Size - 1 > static_cast<std::size_t>(end_ - at_)) full_ = true;
    if (full_) return;
    std::memcpy(at_, text, Size - 1);
    at_ += Size - 1;
  }
  bool full() const noexcept { return full_; }
  std::size_t size() const noexcept { return static_cast<std::size_t>(at_ - begin_); }

 private:
  char *begin_, *at_, *end_;
  bool full_ = false;
};

// One line of printable ASCII, with at most max_text characters in all its parts together.
class Line {
 public:
  explicit Line(std::string& out) : out_(out), end_(out.size() + max_text) {}

  void add(std::string_view text) {
    for (char c : text.substr(0, end_ - out_.size())) out_ += is_printable(c) ? c : '?';
  }

 private:
  std::string& out_;
  std::size_t end_;
};

constexpr std::size_t shortest_name = 24;  // names are not shortened below this
constexpr std::string_view gap = "...";

// Calls f(std::string_view) with the parts of text that remain if no word is longer than `longest`: a longer
// word keeps its beginning and its end.
template <class F>
void for_each_shortened(std::string_view text, std::size_t longest, F&& f) {
  while (!text.empty()) {
    std::size_t end = std::min(text.find(' '), text.size());
    if (end > longest) {
      std::size_t kept = (longest - gap.size()) / 2;
      f(text.substr(0, kept));
      f(gap);
      f(text.substr(end - kept, kept));
    } else {
      f(text.substr(0, end));
    }
    f(text.substr(end, 1));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::size_t shortened_size(std::string_view text, std::size_t longest) noexcept {
  std::size_t size = 0;
  for_each_shortened(text, longest, [&](std::string_view part) { size += part.size(); });
  return size;
}

// Adds " match=" and the names, "*.x" as ".x" (ANS-2). False: no name is left.
bool add_match(Writer& out, MxListView mx) {
  bool any = false;
  for (std::string_view name : mx) {
    if (is_match_keyword(name)) continue;
    any ? out.add(":") : out.add(" match=");
    out.add(name.starts_with("*.") ? name.substr(1) : name);
    any = true;
  }
  return any;
}

// Whether this policy line may stand between braces: no brace, no control character, valid UTF-8, not empty
// (PFX-9, SM-9, ANS-9). A tab is allowed, since add_line() turns it into a blank, as Postfix would.
bool is_quotable(std::string_view line) noexcept {
  if (trim(line).empty()) return false;  // Postfix refuses an attribute without a value
  for (line.remove_prefix(plain.span(line)); !line.empty(); line.remove_prefix(plain.span(line))) {
    std::size_t length = utf8_length(line);
    bool c1 = length == 2 && line[0] == '\xC2' && static_cast<unsigned char>(line[1]) < 0xA0;
    if (length < 2 || c1) return false;
    line.remove_prefix(length);
  }
  return true;
}

// True for nearly every policy: then its lines need no check octet by octet. There are no branches, so that
// the compiler can check many octets at once.
bool all_plain(std::string_view lines) noexcept {
  bool all = true;
  for (char c : lines) all &= (is_printable(c) & (c != '{') & (c != '}')) | (c == '\n');
  return all;
}

void add_line(Writer& out, std::string_view line) {
  for (std::size_t tab = line.find('\t'); tab != std::string_view::npos; tab = line.find('\t')) {
    out.add(line.substr(0, tab));
    out.add(" ");
    line.remove_prefix(tab + 1);
  }
  out.add(line);
}

// Adds all four STS attributes. False: no policy_string is left, without which Postfix 3.10.0 to 3.10.4 crash
// (PFX-41).
bool add_sts_attributes(Writer& out, std::string_view domain, const PolicyView& policy) {
  if (policy.lines == left_out_lines) return false;
  bool plain_text = all_plain(policy.lines);
  bool any = false;
  out.add(" policy_type=sts policy_domain=");
  out.add(domain);
  for (std::string_view name : policy.mx) {
    out.add(" mx_host_pattern=");
    out.add(name);
  }
  for_each_line(policy, [&](std::string_view key, std::string_view value) {
    if (plain_text ? trim(value).empty() : !is_quotable(value)) return;
    any ? out.add(" } { policy_string = ") : out.add(" { policy_string = ");
    out.add(key);
    plain_text ? out.add(value) : add_line(out, value);
    any = true;
  });
  out.add(" }");
  return any;
}

// False if the reply must not be sent.
bool add_secure(Writer& out, std::string_view domain, const PolicyView& policy, bool with_attributes) {
  out.add("OK secure");
  bool done = add_match(out, policy.mx);
  out.add(" servername=hostname");
  if (with_attributes) done = add_sts_attributes(out, domain, policy) && done;
  return done && !out.full();
}

// Appends the whole reply, or nothing and false.
bool append_secure(std::string& out, std::string_view domain, const PolicyView& policy,
                   bool with_attributes) {
  std::size_t start = out.size();
  bool done = false;
  out.resize_and_overwrite(start + max_reply, [&](char* bytes, std::size_t) {
    Writer writer(bytes + start, max_reply);
    done = add_secure(writer, domain, policy, with_attributes);
    return start + (done ? writer.size() : 0);
  });
  return done;
}

void append_secure_or_temp(std::string& out, Dialect dialect, const DomainName& domain,
                           const Decision& decision) {
  // decide() never returns these two. If it did: a policy with mode none requires nothing, and a missing
  // policy must not weaken the answer.
  if (decision.policy == nullptr) return append_temp(out, "internal error: no policy to answer with");
  const PolicyView& policy = *decision.policy;
  if (policy.mode == Mode::none) {
    out.append(not_found_reply);
    return;
  }
  if (dialect == Dialect::postfix310 && append_secure(out, domain.str(), policy, true)) return;
  if (append_secure(out, domain.str(), policy, false)) return;
  append_temp(out, "the MTA-STS policy has too many mx names for a reply");
}

// The cause is at the end, after names that may have 253 octets. So the names are shortened, no more than
// necessary, and the end is cut only if that is not enough.
void append_cause(std::string& out, std::string_view reason, std::string_view detail) {
  if (reason.empty()) reason = "undecided";
  std::string_view colon = detail.empty() ? "" : ": ";
  auto fits = [&](std::size_t longest) {
    return shortened_size(reason, longest) + colon.size() + shortened_size(detail, longest) <= max_text;
  };
  std::size_t longest = max_text;
  while (longest > shortest_name && !fits(longest)) longest -= 4;
  out.append("TEMP ");
  Line line(out);
  for (std::string_view text : {reason, colon, detail})
    for_each_shortened(text, longest, [&](std::string_view part) { line.add(part); });
}

// An override's answer was checked by Postfix's rules when it was read. sendmail does DANE itself, and
// besides "not found" knows only one answer.
void append_given(std::string& out, bool sendmail, std::string_view given) {
  std::string_view level = given.substr(0, given.find_first_of(" \t,"));
  auto is = [&](std::string_view word) { return equal_folded(level, word); };
  if (!sendmail || is("secure")) {
    out.append("OK ").append(given);
  } else if (is("none") || is("may") || is("dane") || is("dane-only")) {
    out.append(not_found_reply);
  } else {
    append_temp(out, "the override's answer is for Postfix only");
  }
}

}  // namespace

void append_reply(std::string& out, Dialect dialect, const DomainName& domain, const Decision& decision) {
  assert(dialect == Dialect::postfix || dialect == Dialect::postfix310 || dialect == Dialect::sts);
  bool sendmail = dialect == Dialect::sts;  // it does DANE by itself, and asks about MTA-STS alone
  switch (decision.verdict) {
    case Verdict::secure: append_secure_or_temp(out, dialect, domain, decision); return;
    case Verdict::dane: out.append(sendmail ? not_found_reply : "OK dane"); return;            // ANS-5
    case Verdict::dane_only: out.append(sendmail ? not_found_reply : "OK dane-only"); return;  // ANS-5
    case Verdict::given: return append_given(out, sendmail, decision.given);
    case Verdict::temp: append_cause(out, decision.reason, decision.detail); return;
    case Verdict::not_found: out.append(not_found_reply); return;
  }
}

std::string carried_lines(const PolicyView& policy) {
  if (policy.mode == Mode::none || policy.lines.empty()) return {};
  std::string lines;
  for (std::string_view line : Parts(policy.lines)) {
    if (!is_quotable(line)) continue;
    if (!lines.empty()) lines += '\n';
    lines += line;
  }
  std::string reply;  // with the shortest domain, so no other reply is smaller
  bool fits = append_secure(reply, {}, {policy.mode, policy.max_age, policy.mx, lines}, true);
  return lines.empty() || !fits ? std::string(left_out_lines) : lines;
}

void append_perm(std::string& out, std::string_view text) {
  out.append("PERM ");
  Line(out).add(text);
}

void append_temp(std::string& out, std::string_view text) { append_cause(out, text, {}); }

}  // namespace mtasts
