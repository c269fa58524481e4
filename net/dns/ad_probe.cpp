#include "net/dns/ad_probe.hpp"

#include <boost/asio/use_awaitable.hpp>

#include "net/dns/udp_exchange.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;
using std::chrono::steady_clock;

// RFC 1035 §4.1.1; AD: RFC 4035 §3.1.6.
constexpr unsigned response_bit = 0x8000, opcode = 0x7800, truncated = 0x0200, recursion = 0x0100,
                   authentic = 0x0020, rcode = 0x000F;
constexpr std::string_view root_ns{"\0\0\2\0\1", 5};  // the name ".", type NS, class IN
constexpr std::size_t header = 12;

// Asio looks up the interface. If that is not there now, the server can't be asked.
udp::endpoint endpoint_of(const AdProbe& probe, boost::system::error_code& error) {
  auto text = to_string(probe.server);
  if (!probe.interface.empty()) text += "%" + probe.interface;
  return {asio::ip::make_address(text, error), probe.port};
}

asio::awaitable<AdSeen> ask_once(AdProbe probe) {
  boost::system::error_code error;
  auto server = endpoint_of(probe, error);
  if (error) co_return AdSeen::no_answer;
  std::uint16_t id = random_id();
  auto has_id = [id](std::string_view answer) { return answer.size() >= 2 && u16_at(answer, 0) == id; };
  auto answer = co_await exchange_udp(server, ad_question(id), steady_clock::now() + probe.timeout, has_id);
  co_return answer ? judge_ad(*answer, id) : AdSeen::no_answer;
}

}  // namespace

std::string ad_question(std::uint16_t id) {
  constexpr unsigned opt = 41, payload = 1232, dnssec_ok = 0x8000;
  std::string out = u16(id) + u16(recursion | authentic) + u16(1) + u16(0) + u16(0) + u16(1);
  out += root_ns;
  out += '\0';  // the owner of OPT is the root
  return out + u16(opt) + u16(payload) + u16(0) + u16(dnssec_ok) + u16(0);
}

AdSeen judge_ad(std::string_view answer, std::uint16_t id) noexcept {
  if (answer.size() < header + root_ns.size() || u16_at(answer, 0) != id) return AdSeen::no_answer;
  unsigned flags = u16_at(answer, 2);
  bool an_answer = (flags & response_bit) != 0 && (flags & (opcode | rcode)) == 0 && u16_at(answer, 4) == 1 &&
                   answer.substr(header, root_ns.size()) == root_ns;
  if (!an_answer) return AdSeen::no_answer;
  if ((flags & authentic) != 0) return AdSeen::yes;
  return (flags & truncated) != 0 ? AdSeen::no_answer : AdSeen::no;  // Postfix would ask again over TCP
}

asio::awaitable<AdSeen> probe_ad(AdProbe probe) {
  AdSeen seen = co_await ask_once(probe);
  if (seen == AdSeen::no_answer) seen = co_await ask_once(probe);
  co_return seen;
}

}  // namespace mtasts
