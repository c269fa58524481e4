// dns_server - a scripted DNS server on 127.0.0.1, UDP and TCP on one port, in a thread of its own.
//
// The script is a function from a question to a reply; it runs on the server's thread. Names are in lower
// case without the final dot. No compression and no checks, because it serves only one client, libunbound.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/name_server.hpp"

namespace mtasts {

struct DnsQuestion {
  std::string name;
  std::uint16_t type = 0;
  bool tcp = false;
  unsigned flags = 0;
};

struct DnsRecord {
  std::string owner;
  std::uint16_t type = 0;
  std::string rdata;
  std::uint32_t ttl = 300;
};

struct DnsReply {
  std::vector<DnsRecord> answer{};
  std::vector<DnsRecord> authority{};
  std::uint16_t rcode = 0;
  bool silent = false;
  bool truncated = false;
  bool authentic = false;                      // AD
  bool authoritative = false;                  // AA
  std::chrono::milliseconds delay{0};          // UDP only
  std::shared_ptr<std::atomic<bool>> until{};  // not sent before this is true; UDP only
};

using DnsScript = std::function<DnsReply(const DnsQuestion&)>;

std::string dns_name(std::string_view name);                // wire form
std::string dns_strings(std::vector<std::string> strings);  // TXT RDATA
std::string dns_u16(unsigned value);
DnsRecord dns_soa(std::string zone, std::uint32_t minimum = 60);
// The message that answers this question.
std::string dns_message(std::string_view name, std::uint16_t type, const DnsReply& reply);

class DnsServer {
 public:
  explicit DnsServer(DnsScript script);
  ~DnsServer();
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  NameServer forward() const;  // 127.0.0.1 and the port
  std::uint16_t port() const noexcept { return port_; }
  int most_at_once() const noexcept { return most_at_once_; }  // questions with delayed answers
  int tcp_questions() const noexcept { return tcp_questions_; }
  int questions() const noexcept { return questions_; }  // that have arrived, also those left unanswered

 private:
  struct Late;
  void serve();
  void take_udp(std::vector<Late>& late);
  void take_tcp();

  DnsScript script_;
  int udp_ = -1;
  int tcp_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<int> most_at_once_{0};
  std::atomic<int> tcp_questions_{0};
  std::atomic<int> questions_{0};
  std::thread thread_;
};

}  // namespace mtasts
