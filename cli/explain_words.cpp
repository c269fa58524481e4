#include "cli/explain_words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>
#include <string>

#include "cli/terminal.hpp"
#include "cli/words.hpp"
#include "core/rdata_text.hpp"
#include "core/tlsa.hpp"
#include "lookup/freshness.hpp"

namespace mtasts {
namespace {

constexpr std::size_t shown_digest = 26, shown_data = 300;  // octets of a record's text

std::string cut(std::string text, std::size_t most) {
  if (text.size() > most) text.replace(most, std::string::npos, "...");
  return text;
}

bool policy_counts(const Explanation& all) {
  return all.inputs.stored && policy_in_force(view(*all.inputs.stored), all.inputs.moment());
}

}  // namespace

std::string_view in_words(HostState state) noexcept {
  switch (state) {
    case HostState::usable: return "usable TLSA records";
    case HostState::unusable: return "TLSA records, none of them usable";
    case HostState::none: return "no TLSA records, which is proved";
    case HostState::insecure: return "not signed: its address or TLSA records don't count for DANE";
    case HostState::failed:
    case HostState::lost: return "failed";
    case HostState::unreachable: return "no address: it does not count";
    case HostState::not_asked: return "not looked up";
  }
  return "failed";
}

std::string_view in_words(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::not_found: return "as without a policy";
    case Verdict::secure: return "verified TLS, names by the MTA-STS policy";
    case Verdict::dane: return "DANE where there are TLSA records";
    case Verdict::dane_only: return "DANE or nothing";
    case Verdict::given: return "the override's own answer";
    case Verdict::temp: return "the mail must wait";
  }
  return "the mail must wait";
}

std::string question_in_words(const DnsStep& step) {
  const DnsAnswer& answer = step.answer;
  auto text = fmt::format("{} {}: ", words(step.type), whole(step.name));
  if (answer.security == DnsAnswer::Security::bogus) {
    text += "bogus";
  } else if (answer.kind == DnsAnswer::Kind::failed) {
    text += "failed";
  } else {
    text += answer.validated ? words(answer.security) : "not validated";
    if (answer.kind != DnsAnswer::Kind::data) text += fmt::format(", {}", words(answer.kind));
    if (answer.unsigned_delegation) text += ": everything below is unsigned";
    text += fmt::format(", TTL {}", answer.ttl);
  }
  return text + fmt::format(", {}ms", step.took.count());
}

std::string data_in_words(RrType type, std::string_view rdata) {
  auto text = rdata_text(type, rdata);
  if (type == RrType::ds) return cut(std::move(text), shown_digest);
  if (type != RrType::tlsa) return cut(std::move(text), shown_data);
  auto tlsa = decode_tlsa(rdata);
  std::string_view why = tlsa ? why_unusable(*tlsa) : "it is malformed";
  text = cut(std::move(text), shown_digest);
  return why.empty() ? text : fmt::format("{} (unusable: {})", text, whole(why));
}

std::string why_not_fetched(const Explanation& all) {
  if (!all.looked) return "not asked";
  auto lint = judged_record(all);
  bool valid = lint && lint->verdict == TxtVerdict::valid;
  if (!valid && !policy_counts(all)) return "not asked: without a valid record there is no policy";
  if (is_held_back(all.record.last_lookup.retry_fetch, all.inputs.now))
    return fmt::format("not asked: the last fetch failed, and the next is held back until {}",
                       when(all.record.last_lookup.retry_fetch, all.inputs.now));
  if (!valid) return "not asked: the cached policy is in force, and there is no newer one";
  return "not asked: the cached policy has the record's id";
}

std::string why_unsigned(const Explanation& all) {
  constexpr std::size_t algorithm_at = 2;  // RFC 4034 §5.1
  const auto& ds = all.unsigned_answer;
  if (!ds || ds->kind != DnsAnswer::Kind::data || ds->security != DnsAnswer::Security::secure) return {};
  std::set<std::string> algorithms;
  for (const std::string& rdata : ds->rdata) {
    if (rdata.size() <= algorithm_at) continue;
    auto number = static_cast<unsigned char>(rdata[algorithm_at]);
    algorithms.insert(number == 16 ? "ED448 (16)" : std::to_string(number));
  }
  return fmt::format(
      "the zone is signed, but libunbound here can't validate its algorithm: {}; the zone counts as unsigned",
      fmt::join(algorithms, ", "));
}

std::string why_no_dane(const Explanation& all) {
  if (!all.looked) return "not looked up";
  if (all.inputs.rules.settings.dane && all.inputs.rules.postfix_dane == PostfixDane::no)
    return "not looked up: Postfix does not do DANE";
  bool overruled = all.inputs.over && all.inputs.over->action == OverrideAction::ignore_dane;
  return overruled ? "not looked up: the override says ignore-dane" : "not looked up: dane = false";
}

}  // namespace mtasts
