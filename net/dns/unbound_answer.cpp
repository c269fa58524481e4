#include "net/dns/unbound_answer.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/finding.hpp"
#include "net/dns/delegation.hpp"

namespace mtasts {
namespace {

constexpr std::size_t max_reason = 300;

// RFC 1035 §4.1.1, RFC 2136 §2.2.
std::string rcode_words(int rcode) {
  constexpr std::array<std::string_view, 11> names{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                                   "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                                   "NXRRSET", "NOTAUTH", "NOTZONE"};
  auto index = static_cast<std::size_t>(rcode);
  if (rcode >= 0 && index < names.size()) return std::string(names[index]);
  return "RCODE " + std::to_string(rcode);
}

std::string without_final_dot(const char* name) {
  std::string text(name == nullptr ? "" : name);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::vector<std::string> rdata_of(const ub_result& result) {
  std::vector<std::string> rdata;
  for (std::size_t i = 0; result.data[i] != nullptr; ++i) {
    rdata.emplace_back(result.data[i], static_cast<std::size_t>(std::max(result.len[i], 0)));
  }
  return rdata;
}

DnsAnswer bogus_answer(const ub_result& result) {
  DnsAnswer answer;
  answer.security = DnsAnswer::Security::bogus;
  answer.reason = "DNSSEC bogus";
  if (result.qtype == static_cast<int>(RrType::dnskey) && result.data != nullptr)
    answer.rdata = rdata_of(result);
  if (result.why_bogus != nullptr) answer.reason += ": " + printable(result.why_bogus, max_reason);
  return answer;
}

bool denies_ds(const ub_result& result) {
  if (result.qtype != static_cast<int>(RrType::ds) || result.answer_packet == nullptr) return false;
  std::string_view packet(static_cast<const char*>(result.answer_packet),
                          static_cast<std::size_t>(std::max(result.answer_len, 0)));
  return is_unsigned_delegation(packet, result.qname, result.secure != 0);
}

bool label_ok(std::string_view label) noexcept {
  auto fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !label.empty() && label.size() <= 63 && std::ranges::all_of(label, fine);
}

}  // namespace

DnsAnswer failed_answer(std::string reason) {
  DnsAnswer answer;
  answer.reason = std::move(reason);
  return answer;
}

DnsAnswer timeout_answer(std::chrono::milliseconds limit, bool was_asked) {
  auto ms = limit.count();
  std::string words = ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
  if (was_asked) return failed_answer("timeout after " + words);
  return failed_answer("timeout: not asked within " + words + ", too many DNS questions at once");
}

DnsAnswer to_answer(const ub_result& result) {
  if (result.bogus != 0) return bogus_answer(result);  // before anything else: it comes with the data (UB-6)
  bool nxdomain = result.rcode == 3 || result.nxdomain != 0;
  if (result.rcode != 0 && !nxdomain) return failed_answer(rcode_words(result.rcode));
  DnsAnswer answer;
  answer.security = result.secure != 0 ? DnsAnswer::Security::secure : DnsAnswer::Security::insecure;
  answer.ttl = static_cast<std::uint32_t>(std::max(result.ttl, 0));
  answer.canonical = without_final_dot(result.canonname);
  if (nxdomain) {
    answer.kind = DnsAnswer::Kind::nxdomain;
  } else if (result.havedata != 0 && result.data != nullptr) {
    answer.kind = DnsAnswer::Kind::data;
    answer.rdata = rdata_of(result);
  } else {
    answer.kind = DnsAnswer::Kind::no_data;
    answer.unsigned_delegation = denies_ds(result);
  }
  return answer;
}

std::string_view refuse_name(std::string_view name) noexcept {
  if (name == ".") return {};
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.size() > 253) return "the name is longer than 253 octets";
  for (;;) {
    auto dot = name.find('.');
    if (!label_ok(name.substr(0, dot))) return "not a name that can be asked: an empty, long or odd label";
    if (dot == std::string_view::npos) return {};
    name.remove_prefix(dot + 1);
  }
}

}  // namespace mtasts
