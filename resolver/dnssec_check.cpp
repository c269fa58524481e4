#include "resolver/dnssec_check.hpp"

#include <algorithm>
#include <iterator>
#include <random>
#include <string_view>

#include "core/dnskey.hpp"
#include "core/time_text.hpp"

namespace mtasts {

namespace asio = boost::asio;

namespace {

using Tested = DnssecCheck::Outcome;
using Tags = std::vector<std::uint16_t>;

// The tags of the root's keys that a trust anchor can name (RFC 4034 §2.1.1, RFC 5011 §2.1).
Tags root_tags(const DnsAnswer& answer) {
  Tags tags;
  for (const std::string& rdata : answer.rdata) {
    auto key = decode_dnskey(rdata);
    if (key && key->zone_key() && key->sep() && !key->revoked()) tags.push_back(key->tag);
  }
  std::ranges::sort(tags);
  tags.erase(std::ranges::unique(tags).begin(), tags.end());
  return tags;
}

Tags without(const Tags& tags, const Tags& known) {
  Tags rest;
  std::ranges::set_difference(tags, known, std::back_inserter(rest));
  return rest;
}

// Only the first few, because the answer may come from anybody.
std::string numbers(const Tags& tags) {
  constexpr std::size_t most = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(tags.size(), most); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(tags[i]);
  return tags.size() > most ? text + ", ..." : text;
}

bool blames_the_time(std::string_view reason) noexcept {
  return reason.contains("expired") || reason.contains("inception");  // libunbound's own words
}

std::string clock_words(const DnsAnswer& answer, Time now) {
  return "the root's signatures are expired or not valid yet: is the clock right? It says " + utc_text(now) +
         " (UTC); " + answer.reason;
}

std::string old_anchor_words(const Tags& tags, const TrustAnchor& anchor) {
  return "the trust anchor " + anchor.file + " is older than the root's keys (" + numbers(tags) +
         "): install the newer dns-root-data, or name a newer file in [dns] trust_anchor";
}

std::string why_bogus(const DnsAnswer& answer, const TrustAnchor& anchor, Time now) {
  if (blames_the_time(answer.reason)) return clock_words(answer, now);
  Tags tags = root_tags(answer);
  if (!tags.empty() && without(tags, anchor.tags) == tags) return old_anchor_words(tags, anchor);
  return "the root's keys come without valid signatures: the resolver strips DNSSEC, or somebody forges "
         "answers; " +
         answer.reason;
}

DnssecCheck judge_secure(const DnsAnswer& answer, const TrustAnchor& anchor) {
  Tags missing = without(root_tags(answer), anchor.tags);
  if (missing.empty() || anchor.tags.empty()) return {.outcome = Tested::works, .detail = {}};
  return {.outcome = Tested::works,
          .detail = "the trust anchor lacks the root's key " + numbers(missing) + ": update dns-root-data (" +
                    anchor.file + ") before the root starts to use that key"};
}

}  // namespace

DnssecCheck judge_root_keys(const DnsAnswer& answer, const TrustAnchor& anchor, Time now) {
  using Kind = DnsAnswer::Kind;
  using Security = DnsAnswer::Security;
  if (answer.security == Security::bogus)
    return {.outcome = Tested::broken,
            .detail = why_bogus(answer, anchor, now),
            .blames_clock = blames_the_time(answer.reason)};
  if (answer.kind == Kind::failed)
    return {.outcome = Tested::no_answer, .detail = "no answer to the root's DNSKEY: " + answer.reason};
  if (answer.kind == Kind::data && answer.security == Security::secure) return judge_secure(answer, anchor);
  return {.outcome = Tested::broken,
          .detail = "the resolver strips DNSSEC: the root's DNSKEY is answered by " +
                    std::string(words(answer.security)) + " " + std::string(words(answer.kind))};
}

DnssecCheck judge_absence(const DnsAnswer& answer) {
  if (answer.security == DnsAnswer::Security::secure && answer.kind != DnsAnswer::Kind::failed)
    return {.outcome = Tested::works, .detail = {}};
  if (answer.kind == DnsAnswer::Kind::failed && answer.security != DnsAnswer::Security::bogus)
    return {.outcome = Tested::no_answer,
            .detail = "no answer to the DS of a name that does not exist: " + answer.reason};
  return {.outcome = Tested::broken,
          .detail =
              "the resolver strips DNSSEC from answers without data: it does not pass on the proof that "
              "a name does not exist" +
              (answer.reason.empty() ? "" : "; " + answer.reason)};
}

std::string absent_name() {
  constexpr int letters = 16;
  std::random_device device;
  std::uniform_int_distribution<int> letter('a', 'z');
  std::string name;
  for (int i = 0; i < letters; ++i) name += static_cast<char>(letter(device));
  return name;
}

asio::awaitable<DnssecCheck> check_dnssec(std::shared_ptr<Dns> dns, TrustAnchor anchor, const Clock& clock) {
  DnsAnswer answer = co_await dns->ask(".", RrType::dnskey);
  DnssecCheck keys = judge_root_keys(answer, anchor, clock.now());
  if (!keys.works()) co_return keys;
  DnsAnswer denial = co_await dns->ask(absent_name(), RrType::ds);
  DnssecCheck absence = judge_absence(denial);
  if (!absence.works()) co_return absence;
  co_return keys;
}

asio::awaitable<DnssecCheck> answers_at_all(std::shared_ptr<Dns> dns) {
  DnsAnswer answer = co_await dns->ask(".", RrType::ns);
  bool answers = answer.kind != DnsAnswer::Kind::failed;
  DnssecCheck result{.outcome = answers ? Tested::works : Tested::no_answer, .detail = answer.reason};
  co_return result;
}

}  // namespace mtasts
