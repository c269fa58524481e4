#include "net/dns/private_zones.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include "core/address.hpp"
#include "core/domain_name.hpp"
#include "core/finding.hpp"
#include "core/text.hpp"

namespace mtasts {
namespace {

struct Server {
  Address address;
  std::string_view interface{};  // with its "%"
  std::uint16_t port = 53;
};

bool interface_ok(const Server& server) noexcept {
  if (server.interface.empty()) return true;
  auto fine = [](char c) { return is_alnum(c) || c == '.' || c == '-' || c == '_'; };
  return server.address.v6 && server.interface.size() > 1 &&
         std::ranges::all_of(server.interface.substr(1), fine);
}

std::optional<Server> parse_server(std::string_view text) {
  auto at = text.find('@'), percent = std::min(text.substr(0, at).find('%'), at);
  auto address = parse_address(text.substr(0, percent));
  if (!address) return std::nullopt;
  Server server{.address = *address};
  if (percent < at) server.interface = text.substr(percent, at - percent);
  if (!interface_ok(server)) return std::nullopt;
  if (at == std::string_view::npos) return server;
  auto port = text.substr(at + 1);
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), server.port);
  bool whole = error == std::errc{} && end == port.data() + port.size();
  return whole && server.port != 0 ? std::optional(server) : std::nullopt;
}

Result<std::string> forward_lines(const std::vector<std::string>& servers) {
  std::string lines;
  for (const std::string& text : servers) {
    auto server = parse_server(text);
    if (!server) return fail(Fault::config, in_quotes(text) + " is no resolver's address");
    lines += "  forward-addr: " + to_string(server->address) + std::string(server->interface) + "@" +
             std::to_string(server->port) + "\n";
  }
  return lines;
}

// The text as a file without a name, closed at the end of the scope.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view text) : descriptor_(::memfd_create("mtastsd-zones", MFD_CLOEXEC)) {
    auto written = descriptor_ < 0 ? -1 : ::write(descriptor_, text.data(), text.size());
    whole_ = written == static_cast<ssize_t>(text.size());
  }
  ~MemoryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  bool whole() const noexcept { return whole_; }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
  bool whole_ = false;
};

}  // namespace

Result<std::string> private_zone_text(const std::vector<std::string>& zones,
                                      const std::vector<std::string>& servers) {
  if (zones.empty() || servers.empty()) return std::string();
  auto forwards = forward_lines(servers);
  if (!forwards) return forwards;
  std::string text, forward_zones;
  for (const std::string& zone : zones) {
    auto name = DomainName::parse(zone);
    if (!name) return fail(Fault::config, "[dns] private: \"" + printable(zone) + "\" is no domain name");
    std::string quoted = "\"" + std::string(name->str()) + ".\"";
    text += "server:\n  domain-insecure: " + quoted + "\n  local-zone: " + quoted + " transparent\n";
    forward_zones += "forward-zone:\n  name: " + quoted + "\n" + *forwards;
  }
  return text + forward_zones;
}

Result<void> add_private_zones(ub_ctx& ctx, const std::vector<std::string>& zones,
                               const std::vector<std::string>& servers) {
  auto text = private_zone_text(zones, servers);
  if (!text) return std::unexpected(std::move(text.error()));
  if (text->empty()) return {};
  MemoryFile file(*text);
  if (!file.whole()) {
    return fail(Fault::config,
                "[dns] private: no memory for its settings (" + std::generic_category().message(errno) + ")");
  }
  int status = ub_ctx_config(&ctx, file.path().c_str());
  if (status == UB_NOERROR) return {};
  return fail(Fault::config, std::string("[dns] private: libunbound refuses its zones (") +
                                 ub_strerror(status) + "); is /proc mounted?");
}

bool any_loopback(const std::vector<std::string>& servers) {
  return std::ranges::any_of(servers, [](const std::string& text) {
    auto server = parse_server(text);
    return server && special_use(server->address) == "loopback";
  });
}

}  // namespace mtasts
