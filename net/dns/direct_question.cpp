#include "net/dns/direct_question.hpp"

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "core/text.hpp"
#include "net/dns/packet.hpp"
#include "net/dns/udp_exchange.hpp"
#include "net/dns/unbound_answer.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;
using std::chrono::steady_clock;

// RFC 1035 §4.1.1.
constexpr unsigned response_bit = 0x8000, opcode = 0x7800, authoritative = 0x0400, truncated = 0x0200,
                   rcode = 0x000F, nxdomain = 3;
constexpr std::size_t header = 12;

udp::endpoint endpoint_of(const Address& address, std::uint16_t port) {
  if (address.v6) return {asio::ip::address_v6(address.octets), port};
  asio::ip::address_v4::bytes_type bytes;
  std::copy_n(address.octets.begin(), bytes.size(), bytes.begin());
  return {asio::ip::address_v4(bytes), port};
}

// Name, type and class.
std::string asked_part(std::string_view name, RrType type) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string part;
  while (!name.empty()) {
    std::size_t end = std::min(name.find('.'), name.size());
    part += static_cast<char>(end);
    part += name.substr(0, end);
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return part + '\0' + u16(static_cast<unsigned>(type)) + u16(1);
}

DnsAnswer not_sent(std::string why) {
  DnsAnswer answer = failed_answer(std::move(why));
  answer.local = true;
  return answer;
}

// REQUIRES: it is an answer to the question.
DnsAnswer judge(std::string_view datagram, std::string_view name, RrType type) {
  unsigned flags = u16_at(datagram, 2), code = flags & rcode;
  if (code != 0 && code != nxdomain) return failed_answer("RCODE " + std::to_string(code));
  if ((flags & authoritative) == 0) return failed_answer("the server is not responsible for the name");
  if ((flags & truncated) != 0) return failed_answer("the answer is cut");
  auto read = read_answer(datagram, name, type);
  if (!read) return failed_answer("the answer can't be read");
  DnsAnswer answer;
  answer.validated = false;
  answer.ttl = read->ttl;
  answer.canonical = std::move(read->canonical);
  if (code != nxdomain) answer.rdata = std::move(read->rdata);
  answer.kind = code == nxdomain       ? DnsAnswer::Kind::nxdomain
                : answer.rdata.empty() ? DnsAnswer::Kind::no_data
                                       : DnsAnswer::Kind::data;
  return answer;
}

asio::awaitable<DnsAnswer> ask_directly(std::shared_ptr<const DirectOptions> options, Address server,
                                        std::string name, RrType type) {
  if (auto why = refuse_name(name); !why.empty()) co_return not_sent(std::string(why));
  if (!may_dial(server, options->allow_addresses))
    co_return not_sent(to_string(server) + " is special-use: " + std::string(special_use(server)));
  std::uint16_t id = random_id();
  auto is_answer = [id, name, type](std::string_view datagram) {
    return read_direct_answer(datagram, id, name, type).has_value();
  };
  auto datagram = co_await exchange_udp(endpoint_of(server, options->port), direct_question(id, name, type),
                                        steady_clock::now() + options->timeout, is_answer);
  if (datagram) co_return judge(*datagram, name, type);
  if (!datagram.error().sent) co_return not_sent(datagram.error().error.message());
  if (datagram.error().error == asio::error::timed_out) co_return timeout_answer(options->timeout, true);
  co_return failed_answer(datagram.error().error.message());
}

// Its options are shared, because a question may still be out when it is gone.
class DirectNameServers final : public NameServers {
 public:
  explicit DirectNameServers(DirectOptions options)
      : options_(std::make_shared<DirectOptions>(std::move(options))) {}

  asio::awaitable<DnsAnswer> ask_at(Address server, std::string name, RrType type) override {
    return ask_directly(options_, server, std::move(name), type);
  }

 private:
  std::shared_ptr<const DirectOptions> options_;
};

}  // namespace

std::unique_ptr<NameServers> make_name_servers(DirectOptions options) {
  return std::make_unique<DirectNameServers>(std::move(options));
}

std::string direct_question(std::uint16_t id, std::string_view name, RrType type) {
  constexpr unsigned opt = 41, payload = 1232;
  std::string out = u16(id) + u16(0) + u16(1) + u16(0) + u16(0) + u16(1) + asked_part(name, type);
  out += '\0';  // the owner of OPT is the root
  return out + u16(opt) + u16(payload) + u16(0) + u16(0) + u16(0);
}

std::optional<DnsAnswer> read_direct_answer(std::string_view datagram, std::uint16_t id,
                                            std::string_view name, RrType type) {
  std::string asked = asked_part(name, type);
  if (datagram.size() < header + asked.size() || u16_at(datagram, 0) != id) return std::nullopt;
  bool an_answer = (u16_at(datagram, 2) & (response_bit | opcode)) == response_bit &&
                   u16_at(datagram, 4) == 1 && equal_folded(datagram.substr(header, asked.size()), asked);
  if (!an_answer) return std::nullopt;
  return judge(datagram, name, type);
}

}  // namespace mtasts
