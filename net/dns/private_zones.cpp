#include "net/dns/private_zones.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "core/address.hpp"
#include "core/domain_name.hpp"
#include "core/finding.hpp"

namespace mtasts {
namespace {

bool interface_ok(const NameServer& server) noexcept {
  return server.interface.empty() || (server.address.v6 && may_be_interface(server.interface));
}

Result<std::string> forward_lines(const std::vector<NameServer>& servers) {
  std::string lines;
  for (const NameServer& server : servers) {
    if (!interface_ok(server) || server.port == 0)
      return fail(Fault::config, "[dns] private: " + in_quotes(to_string(server)) +
                                     " is not the address of a resolver; check /etc/resolv.conf");
    lines += "  forward-addr: " + to_string(server.address);
    if (!server.interface.empty()) lines += "%" + server.interface;
    lines += "@" + std::to_string(server.port) + "\n";
  }
  return lines;
}

// The text in a file without a name, which is closed at the end of the scope.
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
                                      const std::vector<NameServer>& servers) {
  if (zones.empty() || servers.empty()) return std::string();
  auto forwards = forward_lines(servers);
  if (!forwards) return forwards;
  std::string text, forward_zones;
  for (const std::string& zone : zones) {
    auto name = DomainName::parse(zone);
    if (!name) return fail(Fault::config, "[dns] private: \"" + printable(zone) + "\" is not a domain name");
    std::string quoted = "\"" + std::string(name->str()) + ".\"";
    text += "server:\n  domain-insecure: " + quoted + "\n  local-zone: " + quoted + " transparent\n";
    forward_zones += "forward-zone:\n  name: " + quoted + "\n" + *forwards;
  }
  return text + forward_zones;
}

Result<void> add_private_zones(ub_ctx& ctx, const std::vector<std::string>& zones,
                               const std::vector<NameServer>& servers) {
  auto text = private_zone_text(zones, servers);
  if (!text) return std::unexpected(std::move(text.error()));
  if (text->empty()) return {};
  MemoryFile file(*text);
  if (!file.whole()) {
    return fail(Fault::config, "[dns] private: its settings can't be written to memory (" +
                                   std::generic_category().message(errno) + ")");
  }
  int status = ub_ctx_config(&ctx, file.path().c_str());
  if (status == UB_NOERROR) return {};
  return fail(Fault::config, std::string("[dns] private: libunbound refuses its zones (") +
                                 ub_strerror(status) + "); is /proc mounted?");
}

bool any_loopback(const std::vector<NameServer>& servers) {
  return std::ranges::any_of(
      servers, [](const NameServer& server) { return special_use(server.address) == "loopback"; });
}

}  // namespace mtasts
