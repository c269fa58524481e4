// dane_fakes - DNS answers about MX hosts as data.
#pragma once

#include "core/dns_answer.hpp"
#include "core/tlsa.hpp"
#include "fakes.hpp"

namespace mtasts::fake {

constexpr auto secure = DnsAnswer::Security::secure;
constexpr auto insecure = DnsAnswer::Security::insecure;
inline const std::string digest(64, 'a');

inline DnsAnswer raw_answer(std::vector<std::string> rdata, DnsAnswer::Security security = secure,
                            std::uint32_t ttl = 300) {
  DnsAnswer answer;
  answer.kind = DnsAnswer::Kind::data;
  answer.security = security;
  answer.ttl = ttl;
  answer.rdata = std::move(rdata);
  return answer;
}

inline DnsAnswer nxdomain(DnsAnswer::Security security, std::uint32_t ttl = 300) {
  DnsAnswer answer = no_data(security, ttl);
  answer.kind = DnsAnswer::Kind::nxdomain;
  return answer;
}

inline DnsAnswer bogus(DnsAnswer answer) {
  answer.security = DnsAnswer::Security::bogus;
  answer.reason = "DNSSEC bogus";
  return answer;
}

inline DnsAnswer proved_unsigned(DnsAnswer answer) {
  answer.unsigned_delegation = true;
  return answer;
}

inline DnsAnswer unvalidated(DnsAnswer answer) {
  answer.validated = false;
  return answer;
}

inline std::string wire_name(std::string_view text) {
  std::string wire;
  while (!text.empty()) {
    auto label = text.substr(0, text.find('.'));
    wire += static_cast<char>(label.size());
    wire += label;
    text.remove_prefix(std::min(text.size(), label.size() + 1));
  }
  return wire + '\0';
}

inline DnsAnswer mx_answer(const std::vector<MxRecord>& records, DnsAnswer::Security security = secure,
                           std::uint32_t ttl = 300) {
  std::vector<std::string> rdata;
  for (const MxRecord& mx : records)
    rdata.push_back(std::string{static_cast<char>(mx.preference >> 8), static_cast<char>(mx.preference)} +
                    wire_name(mx.host));
  return raw_answer(std::move(rdata), security, ttl);
}

inline DnsAnswer address(DnsAnswer::Security security, std::string canonical = {}, std::uint32_t ttl = 300) {
  DnsAnswer answer = raw_answer({std::string("\xC0\0\2\1", 4)}, security, ttl);
  answer.canonical = std::move(canonical);
  return answer;
}

inline DnsAnswer tlsa(const std::vector<std::string>& texts, DnsAnswer::Security security = secure,
                      std::uint32_t ttl = 300) {
  std::vector<std::string> rdata;
  for (const auto& text : texts) rdata.push_back(tlsa_rdata(text).value());
  return raw_answer(std::move(rdata), security, ttl);
}

// A Dns with a delay for each question.
class SlowDns : public FakeDns {
 public:
  boost::asio::awaitable<DnsAnswer> ask(std::string asked, RrType type) override {
    auto slow = delays.find(asked + "/" + std::string(words(type)));
    if (slow != delays.end()) co_await a_while(slow->second);
    co_return co_await FakeDns::ask(std::move(asked), type);
  }
  std::map<std::string, std::chrono::milliseconds> delays;
};

}  // namespace mtasts::fake
