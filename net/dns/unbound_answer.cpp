#include "net/dns/unbound_answer.hpp"

#include <arpa/nameser.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "core/finding.hpp"
#include "net/dns/delegation.hpp"
#include "net/dns/packet.hpp"

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

// libunbound's words without their beginning, "validation failure <example.com. MX IN>: ", if that only
// repeats the question.
std::string_view cause_of(std::string_view why_bogus, std::string_view name) noexcept {
  constexpr std::string_view begin = "validation failure <", end = ">: ";
  std::size_t blank = why_bogus.find(' ', begin.size()), close = why_bogus.find(end);
  if (!why_bogus.starts_with(begin) || blank > close || close == std::string_view::npos) return why_bogus;
  std::string_view told = why_bogus.substr(begin.size(), blank - begin.size());
  return same_name(told, name) ? why_bogus.substr(close + end.size()) : why_bogus;
}

// Removes " for key example.com.", if that is the name that was asked: the reader of the cause knows it, and
// a long name leaves no room for the rest (SM-6).
std::string without_name(std::string text, std::string_view name) {
  for (std::string_view before : {" for key ", " for DS ", " for trust anchor "}) {
    std::size_t at = text.find(before);
    if (at == std::string::npos) continue;
    std::size_t begin = at + before.size(), end = std::min(text.find(' ', begin), text.size());
    if (same_name(std::string_view(text).substr(begin, end - begin), name)) text.erase(at, end - at);
  }
  return text;
}

DnsAnswer bogus_answer(const UnboundReply& reply, std::string_view name, RrType type) {
  DnsAnswer answer;
  answer.security = DnsAnswer::Security::bogus;
  answer.reason = "DNSSEC bogus";
  if (type == RrType::dnskey || type == RrType::aaaa) {
    if (auto read = read_answer(reply.packet, name, type)) answer.rdata = std::move(read->rdata);
  }
  if (reply.why_bogus == nullptr) return answer;
  auto cause = without_name(std::string(cause_of(reply.why_bogus, name)), name);
  answer.reason += ": " + printable(cause, max_reason);
  return answer;
}

// NXDOMAIN has no data, whatever else the packet contains.
DnsAnswer::Kind kind_of(bool nxdomain, std::vector<std::string>& rdata) noexcept {
  if (nxdomain) rdata.clear();
  if (nxdomain) return DnsAnswer::Kind::nxdomain;
  return rdata.empty() ? DnsAnswer::Kind::no_data : DnsAnswer::Kind::data;
}

// The owner of a name can delegate each of its labels to slow servers, and libunbound asks them one after the
// other: minutes for a name of a hundred labels. Names of mail hosts have a few labels.
constexpr std::size_t max_labels = 24;

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
  DnsAnswer answer = failed_answer("timeout: not asked within " + words + ", too many DNS questions at once");
  answer.local = true;
  return answer;
}

DnsAnswer to_answer(const UnboundReply& reply, std::string_view name, RrType type) {
  // Checked first, because a bogus answer comes with its data (UB-6).
  if (reply.security == DnsAnswer::Security::bogus) return bogus_answer(reply, name, type);
  if (reply.rcode != 0) return failed_answer(rcode_words(reply.rcode));
  auto read = read_answer(reply.packet, name, type);
  if (!read) return failed_answer("libunbound's answer can't be read");
  bool nxdomain = read->rcode == ns_r_nxdomain;
  if (read->rcode != 0 && !nxdomain) return failed_answer(rcode_words(static_cast<int>(read->rcode)));
  DnsAnswer answer;
  answer.security = reply.security;
  answer.ttl = read->ttl;
  answer.canonical = std::move(read->canonical);
  answer.rdata = std::move(read->rdata);
  answer.kind = kind_of(nxdomain, answer.rdata);
  bool denied_ds = answer.kind == DnsAnswer::Kind::no_data && type == RrType::ds;
  bool secure = reply.security == DnsAnswer::Security::secure;
  answer.unsigned_delegation = denied_ds && is_unsigned_delegation(reply.packet, name, secure);
  return answer;
}

std::string_view refuse_name(std::string_view name) noexcept {
  if (name == ".") return {};
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.size() > 253) return "the name is longer than 253 octets";
  if (static_cast<std::size_t>(std::ranges::count(name, '.')) >= max_labels)
    return "the name has more than 24 labels";
  for (;;) {
    auto dot = name.find('.');
    if (!label_ok(name.substr(0, dot)))
      return "not a name that can be looked up: it has an empty or too long label, or an odd character";
    if (dot == std::string_view::npos) return {};
    name.remove_prefix(dot + 1);
  }
}

}  // namespace mtasts
