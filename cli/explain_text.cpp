#include <fmt/format.h>

#include <algorithm>

#include "cli/explain_print.hpp"
#include "cli/explain_text.hpp"
#include "cli/explain_words.hpp"
#include "cli/sheet.hpp"
#include "cli/what_to_do.hpp"
#include "cli/words.hpp"
#include "core/policy_life.hpp"
#include "core/sts_policy.hpp"
#include "core/time_text.hpp"

namespace mtasts {
namespace {

constexpr std::size_t margin = 13;

void print_next_hop(const Explanation& all, Sheet& sheet) {
  const Hop& hop = all.hop;
  sheet.line("next hop", whole(all.inputs.next_hop));
  if (!hop.domain) return sheet.line("", "no policy domain: " + whole(hop.why_not), Colour::warning);
  auto form = hop.bracketed ? "in brackets: to the host itself" : "no brackets: to the MX hosts";
  auto port = all.inputs.port == 0 ? std::string("unknown: this host has no service of that name")
                                   : fmt::format("{}", all.inputs.port);
  sheet.line("", fmt::format("policy domain {}", hop.domain->str()));
  sheet.line("", fmt::format("port {}; {}", port, form));
  if (!hop.why_not.empty()) sheet.line("", whole(hop.why_not), Colour::warning);
  if (all.inputs.map != "postfix") sheet.line("map", whole(all.inputs.map));
}

void print_override(const Explanation& all, Sheet& sheet) {
  const auto& over = all.inputs.over;
  if (!over) return sheet.line("override", "none");
  sheet.line("override", override_in_words(*over), Colour::warning);
}

void print_mx_patterns(const PolicyView& policy, Sheet& sheet) {
  LimitedLines lines;
  for (std::string_view pattern : policy.mx)
    if (lines.room()) sheet.line("", fmt::format("mx {}", whole(pattern)));
  lines.end(sheet);
}

// The detail is left out if the HTTPS part has shown it already.
std::string state_of_policy(const Explanation& all) {
  const LastLookup& last = all.record.last_lookup;
  bool told = last.state != StsState::fetch_failed || all.fetched;
  auto state = state_in_words(last.state);
  return told ? std::string(state) : fmt::format("{}: {}", state, whole(last.detail));
}

void print_policy_in_force(const Explanation& all, const RecordView& record, Sheet& sheet) {
  Time now = all.inputs.now;
  bool fresh = fetched_now(all);
  auto source =
      fresh ? std::string("fetched now") : "from the cache, fetched " + from_now(record.fetched_at, now);
  sheet.line("policy", fmt::format("{}, {}, id {}, max_age {}", words(record.policy.mode), source,
                                   whole(record.id), record.policy.max_age));
  sheet.line("", "until " + when(expires_at(record.policy, record.fetched_at, all.inputs.moment()), now));
  print_mx_patterns(record.policy, sheet);
  if (!fresh && record.state != StsState::current)
    sheet.line("", state_of_policy(all) + "; the cached policy stays in force", Colour::warning);
}

void print_policy(const Explanation& all, Sheet& sheet) {
  RecordView record = view(all.record);
  if (record.has_policy)
    print_policy_in_force(all, record, sheet);
  else
    sheet.line("policy", all.looked ? "none: " + state_of_policy(all) : "not asked");
  sheet.line("cache", whole(all.inputs.cache));
}

std::string host_in_words(const Explanation& all, MxState mx, const HostLine& host) {
  if (host.state() == HostState::not_asked)
    return fmt::format(
        "{}: not looked up, because {}", whole(host.name()),
        mx == MxState::insecure ? "the MX RRset is not signed" : "too many hosts come before it");
  auto text = fmt::format("{}: {}", whole(host.name()), in_words(host.state()));
  auto found = std::ranges::find(all.hosts, host.name(), &HostDetail::host);
  return found == all.hosts.end() ? text : fmt::format("{}: {}", text, whole(found->detail));
}

void print_state(const Explanation& all, const DaneView& dane, Sheet& sheet) {
  bool trouble = dane.trouble != MxTrouble::none;
  auto until = "until " + when(dane.valid_until, all.inputs.now);
  if (trouble) sheet.line("MX hosts", fmt::format("MX {}", words(dane.trouble)), Colour::bad);
  if (!trouble) sheet.line("MX hosts", fmt::format("MX {}, {}", words(dane.mx), until));
  if (trouble && dane.mx != MxState::unknown)
    sheet.line("", fmt::format("what was known before: MX {}, {}", words(dane.mx), until));
}

void print_hosts(const Explanation& all, Sheet& sheet) {
  if (!all.dane_looked) return sheet.line("MX hosts", why_no_dane(all));
  auto dane = find_dane(view(all.record), all.route());
  if (!dane) return;
  print_state(all, *dane, sheet);
  LimitedLines lines;
  for (HostLine host : dane->hosts)
    if (lines.room()) sheet.line("", host_in_words(all, dane->mx, host), Colour::plain, 2);
  lines.end(sheet);
  if (auto why = why_unsigned(all); !why.empty()) sheet.line("", why, Colour::warning);
  if (dane->off_policy) sheet.line("", "none of them matches the policy's mx", Colour::warning);
}

void print_dnssec(const ExplainInputs& inputs, Sheet& sheet) {
  auto way = whole(inputs.way), detail = whole(inputs.dnssec_detail);
  if (!inputs.dnssec_known) {
    sheet.line("DNSSEC", "NOT KNOWN, because no test of it was answered: " + detail, Colour::bad);
    sheet.line("", way);
  } else if (inputs.rules.dnssec == Dnssec::works) {
    sheet.line("DNSSEC", "works: " + way);
    if (!detail.empty()) sheet.line("", detail, Colour::warning);
  } else {
    sheet.line("DNSSEC", "DOWN: " + detail, Colour::bad);
    sheet.line("", way);
  }
}

void print_surroundings(const Explanation& all, Sheet& sheet) {
  const ExplainInputs& inputs = all.inputs;
  if (!inputs.clock.certain)
    sheet.line("clock",
               "IN DOUBT: policies are judged by the last certain time, " +
                   utc_text(inputs.clock.last_certain) + " (UTC)",
               Colour::bad);
  if (!all.looked) return;
  print_dnssec(inputs, sheet);
  sheet.line("Postfix", whole(inputs.postfix));
}

void print_replies(const Explanation& all, bool every, Sheet& sheet) {
  for (const auto& [dialect, reply] : all.replies)
    if (every || &reply == &all.reply()) sheet.unbroken(words(dialect), whole(reply));
}

void print_verdict(const Explanation& all, Sheet& sheet) {
  bool off_policy = mail_waits(all) && all.verdict != Verdict::temp;
  auto verdict = off_policy ? "WARNING: the mail must wait" : in_words(all.verdict);
  auto detail = all.detail.empty() ? std::string() : ": " + whole(all.detail);
  Colour colour = off_policy ? Colour::warning : mail_waits(all) ? Colour::bad : Colour::good;
  sheet.line("verdict", fmt::format("{} (rule {}: {}{})", verdict, all.rule, whole(all.reason), detail),
             colour);
}

}  // namespace

void print_explanation(const Explanation& all, bool replies, const Terminal& terminal) {
  Sheet sheet(terminal, margin);
  print_next_hop(all, sheet);
  print_override(all, sheet);
  print_dns(all, sheet);
  print_record(all, sheet);
  print_https(all, sheet);
  print_policy(all, sheet);
  print_hosts(all, sheet);
  print_surroundings(all, sheet);
  print_replies(all, replies, sheet);
  sheet.line("what to do", what_to_do(all));
  print_verdict(all, sheet);
}

}  // namespace mtasts
