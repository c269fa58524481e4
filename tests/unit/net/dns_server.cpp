#include "tests/unit/net/dns_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <stdexcept>

namespace mtasts {
namespace {

using std::chrono::steady_clock;

std::string u32(std::uint32_t value) { return dns_u16(value >> 16) + dns_u16(value & 0xFFFF); }

unsigned octet(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes.at(at)); }

std::string record(const DnsRecord& r) {
  return dns_name(r.owner) + dns_u16(r.type) + dns_u16(1) + u32(r.ttl) +
         dns_u16(static_cast<unsigned>(r.rdata.size())) + r.rdata;
}

// The first question of a query, and its end; throws on nonsense.
std::pair<DnsQuestion, std::size_t> parse(std::string_view query) {
  DnsQuestion question;
  std::size_t at = 12;
  while (unsigned size = octet(query, at)) {
    if (!question.name.empty()) question.name += '.';
    question.name += query.substr(at + 1, size);
    at += 1 + size;
  }
  std::ranges::transform(question.name, question.name.begin(),
                         [](char c) { return static_cast<char>(::tolower(c)); });
  question.type = static_cast<std::uint16_t>(octet(query, at + 1) << 8 | octet(query, at + 2));
  question.flags = octet(query, 2) << 8 | octet(query, 3);
  return {question, at + 5};
}

std::string response(std::string_view query, std::size_t question_end, const DnsReply& reply) {
  bool edns = octet(query, 11) != 0;
  unsigned flags = 0x8180u | (reply.truncated ? 0x0200u : 0u) | (reply.authentic ? 0x0020u : 0u) |
                   (reply.authoritative ? 0x0400u : 0u) | reply.rcode;
  std::string out(query.substr(0, 2));
  out += dns_u16(flags) + dns_u16(1) + dns_u16(static_cast<unsigned>(reply.answer.size())) +
         dns_u16(static_cast<unsigned>(reply.authority.size())) + dns_u16(edns ? 1 : 0);
  out += query.substr(12, question_end - 12);
  for (const auto& r : reply.answer) out += record(r);
  for (const auto& r : reply.authority) out += record(r);
  if (edns) out += std::string(1, '\0') + dns_u16(41) + dns_u16(1232) + u32(0x8000) + dns_u16(0);  // OPT, DO
  return out;
}

int listen_on(int kind, std::uint16_t port) {
  int descriptor = ::socket(AF_INET, kind | SOCK_CLOEXEC, 0);
  int size = 4 << 20;
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bool bound = ::bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  if (bound && (kind == SOCK_DGRAM || ::listen(descriptor, 64) == 0)) return descriptor;
  ::close(descriptor);
  return -1;
}

std::uint16_t port_of(int descriptor) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

bool receive_all(int descriptor, char* data, std::size_t size) {
  return ::recv(descriptor, data, size, MSG_WAITALL) == static_cast<ssize_t>(size);
}

}  // namespace

struct DnsServer::Late {
  steady_clock::time_point due;
  sockaddr_in to;
  std::string bytes;
  std::shared_ptr<std::atomic<bool>> until;
};

std::string dns_u16(unsigned value) {
  return {static_cast<char>(value >> 8 & 0xFF), static_cast<char>(value & 0xFF)};
}

std::string dns_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    auto label = name.substr(0, name.find('.'));
    out += static_cast<char>(label.size());
    out += label;
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  return out + '\0';
}

std::string dns_strings(std::vector<std::string> strings) {
  std::string out;
  for (const auto& text : strings) {
    out += static_cast<char>(text.size());
    out += text;
  }
  return out;
}

DnsRecord dns_soa(std::string zone, std::uint32_t minimum) {
  std::string rdata = dns_name("ns." + zone) + dns_name("hostmaster." + zone);
  rdata += u32(1) + u32(3600) + u32(600) + u32(86400) + u32(minimum);
  return {std::move(zone), 6, rdata, minimum};
}

std::string dns_message(std::string_view name, std::uint16_t type, const DnsReply& reply) {
  std::string query(12, '\0');
  query += dns_name(name) + dns_u16(type) + dns_u16(1);
  return response(query, query.size(), reply);
}

DnsServer::DnsServer(DnsScript script) : script_(std::move(script)) {
  for (int tries = 0; tries < 20 && tcp_ < 0; ++tries) {
    if (udp_ >= 0) ::close(udp_);
    udp_ = listen_on(SOCK_DGRAM, 0);
    port_ = port_of(udp_);
    tcp_ = listen_on(SOCK_STREAM, port_);
  }
  if (tcp_ < 0) throw std::runtime_error("no free port for the DNS server");
  thread_ = std::thread([this] { serve(); });
}

DnsServer::~DnsServer() {
  stop_ = true;
  thread_.join();
  ::close(udp_);
  ::close(tcp_);
}

NameServer DnsServer::forward() const { return {.address = *parse_address("127.0.0.1"), .port = port_}; }

void DnsServer::serve() {
  std::vector<Late> late;
  while (!stop_) {
    std::array<pollfd, 2> watched{{{udp_, POLLIN, 0}, {tcp_, POLLIN, 0}}};
    ::poll(watched.data(), watched.size(), late.empty() ? 20 : 1);
    if (watched[0].revents != 0) take_udp(late);
    if (watched[1].revents != 0) take_tcp();
    std::erase_if(late, [this](const Late& l) {
      if (l.due > steady_clock::now() || (l.until && !*l.until)) return false;
      ::sendto(udp_, l.bytes.data(), l.bytes.size(), 0, reinterpret_cast<const sockaddr*>(&l.to),
               sizeof l.to);
      return true;
    });
  }
}

void DnsServer::take_udp(std::vector<Late>& late) {
  std::array<char, 4096> buffer;
  sockaddr_in from{};
  socklen_t from_size = sizeof from;
  auto size =
      ::recvfrom(udp_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &from_size);
  if (size < 12) return;
  std::string_view query(buffer.data(), static_cast<std::size_t>(size));
  auto [question, end] = parse(query);
  DnsReply reply = script_(question);
  ++questions_;
  if (reply.silent) return;
  late.push_back({steady_clock::now() + reply.delay, from, response(query, end, reply), reply.until});
  std::set<std::string> names;  // a question that is sent again counts once
  for (const Late& each : late) names.insert(each.bytes.substr(12, end - 12));
  most_at_once_ = std::max<int>(most_at_once_, static_cast<int>(names.size()));
}

void DnsServer::take_tcp() {
  int peer = ::accept(tcp_, nullptr, nullptr);
  timeval limit{2, 0};
  ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  std::array<char, 2> head;
  if (receive_all(peer, head.data(), head.size())) {
    std::string query(octet({head.data(), 2}, 0) << 8 | octet({head.data(), 2}, 1), '\0');
    if (query.size() >= 12 && receive_all(peer, query.data(), query.size())) {
      auto [question, end] = parse(query);
      question.tcp = true;
      ++tcp_questions_;
      ++questions_;
      std::string bytes = response(query, end, script_(question));
      bytes = dns_u16(static_cast<unsigned>(bytes.size())) + bytes;
      ::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
  }
  ::close(peer);
}

}  // namespace mtasts
