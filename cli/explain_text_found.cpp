#include <fmt/format.h>

#include <algorithm>

#include "answer/trace_json.hpp"
#include "cli/explain_text.hpp"
#include "cli/explain_words.hpp"
#include "core/sts_policy.hpp"

namespace mtasts {
namespace {

// How often the trace has this question with this answer; 0 if step is not the first of them.
std::size_t times_asked(const Trace& trace, const DnsStep& step) {
  std::size_t times = 0;
  for (const Step& each : trace) {
    const auto* other = std::get_if<DnsStep>(&each);
    bool same = other != nullptr && other->type == step.type && other->name == step.name &&
                other->answer.kind == step.answer.kind && other->answer.security == step.answer.security &&
                other->answer.reason == step.answer.reason && other->answer.rdata == step.answer.rdata;
    if (same && times == 0 && other != &step) return 0;
    if (same) ++times;
  }
  return times;
}

// MX records are sorted by preference, which comes first in the RDATA.
std::vector<std::string> in_order(const DnsStep& step) {
  std::vector<std::string> rdata = step.answer.rdata;
  if (step.type == RrType::mx) std::ranges::sort(rdata);
  return rdata;
}

void print_step(std::string_view name, const DnsStep& step, std::size_t times, Sheet& sheet) {
  const DnsAnswer& answer = step.answer;
  bool bad = answer.kind == DnsAnswer::Kind::failed || answer.security == DnsAnswer::Security::bogus;
  auto again = times > 1 ? fmt::format(", asked {} times", times) : std::string();
  sheet.line(name, question_in_words(step) + again, bad ? Colour::bad : Colour::plain, 2);
  if (!answer.reason.empty()) sheet.line("", "  " + whole(answer.reason), Colour::plain, 2);
  if (!answer.canonical.empty() && answer.canonical != step.name)
    sheet.line("", "  alias of " + whole(answer.canonical), Colour::plain, 2);
  LimitedLines lines;
  for (const std::string& rdata : in_order(step))
    if (!bad && lines.room()) sheet.line("", "  " + data_in_words(step.type, rdata), Colour::plain, 2);
  lines.end(sheet);
}

std::string domain_of(const Explanation& all) {
  return all.hop.domain ? std::string(all.hop.domain->str()) : std::string();
}

void print_findings(const Findings& findings, Sheet& sheet) {
  for (const Finding& each : findings)
    sheet.line("", fmt::format("{}: {} ({})", words(each.severity), whole(each.message), each.code));
}

void print_answer(const HttpsStep& step, Sheet& sheet) {
  if (!step.answer) {
    auto words_of_step = fmt::format("{}: {}, {}ms", words(step.answer.error().step),
                                     whole(step.answer.error().detail), step.took.count());
    return sheet.line("", words_of_step, Colour::bad);
  }
  const HttpAnswer& answer = *step.answer;
  auto type = answer.content_type.empty() ? std::string("no Content-Type") : printable(answer.content_type);
  sheet.line("", fmt::format("status {}, {}, {} octets, {}ms", answer.status, type, answer.body.size(),
                             step.took.count()));
  Findings findings = lint_http(answer.status, answer.content_type);
  if (findings.empty()) findings = lint_policy(answer.body).findings;
  print_findings(findings, sheet);
}

}  // namespace

void LimitedLines::end(Sheet& sheet) const {
  if (left_ > 0) sheet.line("", fmt::format("  and {} more; --json shows all", left_));
}

void print_dns(const Explanation& all, Sheet& sheet) {
  std::string_view name = "DNS";
  for (const Step& step : all.trace) {
    const auto* dns = std::get_if<DnsStep>(&step);
    std::size_t times = dns == nullptr ? 0 : times_asked(all.trace, *dns);
    if (times == 0) continue;
    print_step(name, *dns, times, sheet);
    name = "";
  }
  if (!name.empty()) sheet.line(name, "nothing is asked: the reply needs no lookup");
}

void print_record(const Explanation& all, Sheet& sheet) {
  auto lint = judged_record(all);
  if (!lint) {
    bool asked = find_step(all.trace, "_mta-sts." + domain_of(all), RrType::txt) != nullptr;
    if (all.looked && !asked) return sheet.line("record", "none: " + whole(all.record.last_lookup.detail));
    return sheet.line("record", all.looked ? "not known: the TXT lookup failed" : "not asked",
                      all.looked ? Colour::bad : Colour::plain);
  }
  bool valid = lint->verdict == TxtVerdict::valid;
  bool none = lint->verdict == TxtVerdict::none;
  auto text = std::string(words(lint->verdict));
  sheet.line("record", valid ? fmt::format("valid, id {}", whole(lint->id)) : text,
             valid || none ? Colour::plain : Colour::bad);
  print_findings(lint->findings, sheet);
}

void print_https(const Explanation& all, Sheet& sheet) {
  const HttpsStep* step = find_https(all.trace);
  if (step == nullptr) return sheet.line("HTTPS", why_not_fetched(all));
  sheet.unbroken("HTTPS", policy_url(step->domain));
  print_answer(*step, sheet);
}

}  // namespace mtasts
