#include "diagnose/judge_policy.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "core/catalogue.hpp"
#include "core/mx_pattern.hpp"
#include "core/parts.hpp"
#include "core/sts_policy.hpp"
#include "core/text.hpp"
#include "core/time_text.hpp"

namespace mtasts {
namespace {

constexpr std::string_view step_name = "policy";
constexpr std::uint32_t day = 86'400, two_weeks = 14 * day;
constexpr std::size_t most_broad = 20;  // findings about wildcards

std::vector<std::string_view> lines_of(std::string_view body) {
  std::vector<std::string_view> lines;
  for (std::string_view line : Parts(body)) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
  }
  return lines;
}

struct Field {
  std::string_view key, value;
};

Field field_of(std::string_view line) noexcept {
  std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return {line, {}};
  return {line.substr(0, colon), trim(line.substr(colon + 1))};
}

std::string column(std::size_t offset) { return " at column " + std::to_string(offset + 1); }

std::size_t common_start(std::string_view a, std::string_view b) noexcept {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

// The mode that a wrong word may stand for; "": no idea.
std::string_view meant_mode(std::string_view word) {
  std::string letters;
  for (char c : word.substr(0, 80))
    if (is_alnum(c)) letters += to_lower(c);
  if (letters == "report" || letters == "monitor")
    return words(Mode::testing);  // report: the drafts of RFC 8461
  if (letters == "off" || letters == "disabled") return words(Mode::none);
  for (Mode mode : {Mode::enforce, Mode::testing, Mode::none})
    if (common_start(letters, words(mode)) >= 3) return words(mode);
  return {};
}

bool is_known_key(std::string_view key) noexcept {
  return std::ranges::any_of(std::array<std::string_view, 4>{"version", "mode", "max_age", "mx"},
                             [key](std::string_view known) { return equal_folded(key, known); });
}

// Whether a line is about one of the four keys, whatever stands before it. A comment is not.
bool names_key(std::string_view line) noexcept {
  auto start = std::ranges::find_if(line, [](char c) { return is_alnum(c) || c == '#'; });
  std::string_view rest(start, line.end());
  auto end = std::ranges::find_if_not(rest, [](char c) { return is_alnum(c) || c == '_'; });
  return is_known_key({rest.begin(), end});
}

// A mark that was written around or after a value, and what to do about it; "": none.
std::string stray_mark(std::string_view line) {
  if (!names_key(line)) return {};
  std::size_t equals = line.find('='), colon = line.find(':');
  if (equals < colon && is_known_key(trim(line.substr(0, equals))))
    return "write \":\" instead of the \"=\"" + column(equals);
  for (std::string_view quote : {"\"", "'", "`", "\xE2\x80\x9C", "\xE2\x80\x9D", "\xE2\x80\x9E"}) {
    std::size_t at = line.find(quote);
    if (at != std::string_view::npos) return "remove the quotation mark" + column(at) + ", and its like";
  }
  std::string_view text = trim_end(line);
  if (text.ends_with(';') || text.ends_with(','))
    return "remove the \"" + std::string(text.substr(text.size() - 1)) + "\" at the end of the line";
  return {};
}

// Domains whose subdomains belong to strangers: shared hosters' and those of registries. Not a whole list;
// the common mistakes only.
constexpr auto shared_domains = std::to_array<std::string_view>({"ac.uk",
                                                                 "amazonaws.com",
                                                                 "azurewebsites.net",
                                                                 "cloudapp.azure.com",
                                                                 "cloudapp.net",
                                                                 "co.at",
                                                                 "co.in",
                                                                 "co.jp",
                                                                 "co.kr",
                                                                 "co.nz",
                                                                 "co.uk",
                                                                 "co.za",
                                                                 "com.ar",
                                                                 "com.au",
                                                                 "com.br",
                                                                 "com.cn",
                                                                 "com.mx",
                                                                 "com.pl",
                                                                 "com.sg",
                                                                 "com.tr",
                                                                 "com.tw",
                                                                 "ddns.net",
                                                                 "duckdns.org",
                                                                 "dyndns.org",
                                                                 "github.io",
                                                                 "googleusercontent.com",
                                                                 "gov.uk",
                                                                 "herokuapp.com",
                                                                 "me.uk",
                                                                 "ne.jp",
                                                                 "net.au",
                                                                 "no-ip.org",
                                                                 "or.at",
                                                                 "or.jp",
                                                                 "org.au",
                                                                 "org.uk",
                                                                 "outlook.com"});
static_assert(std::ranges::is_sorted(shared_domains));

bool too_broad(const MxPattern& pattern) noexcept {
  if (!pattern.wildcard()) return false;
  return !pattern.base().parent() || std::ranges::binary_search(shared_domains, pattern.base().str());
}

// The octets of a value that are outside of ASCII.
std::string high_octets(std::string_view value) {
  std::string high;
  std::ranges::copy_if(value, std::back_inserter(high),
                       [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  return high;
}

class PolicyJudge {
 public:
  PolicyJudge(const PolicyTextFacts& facts, std::string_view body)
      : facts_(facts), lines_(lines_of(body)), lint_(lint_policy(body)) {}

  Judgement judge() {
    for (const Finding& finding : lint_.findings) {
      add_linted(finding);
      if (finding.severity == Severity::error && finding.where.line != 0) add_hints(finding);
    }
    if (lint_.policy) judge_valid(*lint_.policy);
    StepState state = any_fault(judgement_.findings) ? StepState::found : StepState::ok;
    judgement_.steps.push_back({.step = step_name, .state = state, .words = words_of_policy()});
    return std::move(judgement_);
  }

 private:
  // line: from 1; 0: the finding is not about one.
  void add(std::string_view code, std::string_view message, unsigned line) {
    std::string at = line == 0 ? "" : "line " + std::to_string(line) + ": ";
    judgement_.findings.push_back(
        make_finding(code, printable(at + std::string(message), 600), where(line), text_of(line)));
  }

  static Where where(unsigned line) { return {.step = step_name, .line = line}; }

  std::string_view line_text(unsigned line) const noexcept {
    return line == 0 || line > lines_.size() ? std::string_view{} : lines_[line - 1];
  }
  std::string text_of(unsigned line) const { return printable(line_text(line), 300); }

  void add_linted(Finding finding) {
    finding.where.step = step_name;
    finding.evidence = text_of(finding.where.line);
    bool inactive = finding.code == "mode-testing" || finding.code == "mode-none";
    if (inactive) finding.severity = Severity::warning;  // senders deliver without TLS
    if (finding.code == "mode-unknown") {
      std::string_view meant = meant_mode(field_of(line_text(finding.where.line)).value);
      if (!meant.empty()) finding.message += "; did you mean " + std::string(meant) + '?';
    }
    judgement_.findings.push_back(std::move(finding));
  }

  void add_hints(const Finding& finding) {
    unsigned line = finding.where.line;
    std::string_view text = line_text(line);
    if (finding.code == "mx-syntax") judge_u_label(field_of(text).value, line);
    bool of_text =
        finding.code != "not-utf8" && finding.code != "byte-order-mark" && finding.code != "lone-cr";
    std::string mark = of_text ? stray_mark(text) : "";
    if (!mark.empty()) add("stray-punctuation", mark, line);
  }

  void judge_u_label(std::string_view value, unsigned line) {
    std::string high = high_octets(value);
    if (high.empty()) return;
    add("mx-u-label",
        "mx " + in_quotes(value) + " has the octets " + printable(high) +
            " outside of ASCII; write the A-label form of the name, which begins with xn--",
        line);
  }

  void judge_valid(const Policy& policy) {
    if (policy.mode == Mode::enforce && policy.max_age >= day && policy.max_age < two_weeks)
      add("max-age-below-two-weeks",
          "max_age " + std::to_string(policy.max_age) + " is below two weeks (" + std::to_string(two_weeks) +
              " seconds)",
          line_with("max_age"));
    judge_wildcards();
    if (facts_.cached && !facts_.record_id.empty()) judge_change(*facts_.cached, policy.lines);
  }

  // The first line with the key; 0: there is none.
  unsigned line_with(std::string_view key) const {
    auto found =
        std::ranges::find_if(lines_, [key](std::string_view line) { return field_of(line).key == key; });
    return found == lines_.end() ? 0 : static_cast<unsigned>(found - lines_.begin()) + 1;
  }

  void judge_wildcards() {
    std::size_t found = 0;
    for (unsigned line = 1; line <= lines_.size() && found < most_broad; ++line) {
      Field field = field_of(line_text(line));
      auto pattern = field.key == "mx" ? MxPattern::parse(field.value) : std::nullopt;
      if (!pattern || !too_broad(*pattern)) continue;
      ++found;
      add("wildcard-too-broad",
          pattern->text() + " covers the hosts of everybody below " + std::string(pattern->base().str()),
          line);
    }
  }

  void judge_change(const CachedPolicyFacts& cached, std::string_view served) {
    bool same_id = cached.id == facts_.record_id, same_text = cached.lines == served;
    if (same_id && !same_text) {
      std::string until = cached.expires == Time{} ? "" : ", at the latest until " + utc_text(cached.expires);
      add("id-unchanged",
          "the policy has changed, but the id is still " + in_quotes(cached.id) +
              ": senders that have the old one keep it" + until,
          0);
    }
    if (!same_id && same_text)
      add("policy-unchanged",
          "the id has changed from " + in_quotes(cached.id) + " to " + in_quotes(facts_.record_id) +
              ", but the policy has not",
          0);
  }

  std::string words_of_policy() const {
    if (!lint_.policy) return "the policy is not valid";
    const Policy& policy = *lint_.policy;
    auto count = std::ranges::distance(MxListView(policy.mx));
    return "mode " + std::string(words(policy.mode)) + ", " + std::to_string(count) + " mx, max_age " +
           std::to_string(policy.max_age);
  }

  const PolicyTextFacts& facts_;
  std::vector<std::string_view> lines_;
  PolicyLint lint_;
  Judgement judgement_;
};

}  // namespace

Judgement judge_policy(const PolicyTextFacts& facts) {
  if (facts.body) return PolicyJudge(facts, *facts.body).judge();
  return {.steps = {{.step = step_name, .state = StepState::not_asked, .words = "no policy was fetched"}},
          .findings = {}};
}

}  // namespace mtasts
